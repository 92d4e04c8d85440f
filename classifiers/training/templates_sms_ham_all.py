"""All templates of legitimate messages, by language code, for `templates_sms`."""

from classifiers.training import (
    templates_sms_ham,
    templates_sms_ham_abroad,
    templates_sms_ham_chat,
    templates_sms_ham_everyday,
    templates_sms_ham_everyday_english,
    templates_sms_ham_letters,
    templates_sms_ham_money,
    templates_sms_ham_money_english,
    templates_sms_ham_offices,
    templates_sms_ham_offices_english,
    templates_sms_ham_parcels,
    templates_sms_ham_parcels_english,
    templates_sms_ham_words,
    templates_sms_public,
    templates_sms_service,
)

BY_LANGUAGE: dict[str, tuple[str, ...]] = {
    "zh": (
        *templates_sms_ham.CHINESE,
        *templates_sms_service.CHINESE,
        *templates_sms_public.CHINESE,
        *templates_sms_ham_money.CHINESE,
        *templates_sms_ham_parcels.CHINESE,
        *templates_sms_ham_offices.CHINESE,
        *templates_sms_ham_everyday.CHINESE,
        *templates_sms_ham_chat.CHINESE,
        *templates_sms_ham_letters.CHINESE,
        *templates_sms_ham_words.CHINESE,
    ),
    "en": (
        *templates_sms_ham.ENGLISH,
        *templates_sms_service.ENGLISH,
        *templates_sms_public.ENGLISH,
        *templates_sms_ham_money_english.ENGLISH,
        *templates_sms_ham_parcels_english.ENGLISH,
        *templates_sms_ham_offices_english.ENGLISH,
        *templates_sms_ham_everyday_english.ENGLISH,
        *templates_sms_ham_chat.ENGLISH,
        *templates_sms_ham_letters.ENGLISH,
        *templates_sms_ham_words.ENGLISH,
    ),
    "id": templates_sms_ham_abroad.INDONESIAN,
    "th": templates_sms_ham_abroad.THAI,
    "other": templates_sms_ham_abroad.TURKISH,
}
