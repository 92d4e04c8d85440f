"""Indonesian and Thai fraud messages, as templates for `templates_sms`.

Written after the public descriptions of each kind, not after any message. ``[a|b]`` is a choice,
``{slot}`` is filled.
"""

from fanzha.fraud import FraudType

INDONESIAN: dict[FraudType, tuple[str, ...]] = {
    FraudType.BRUSHING_REBATE: (
        "[Lowongan|Kerja sampingan] online, cukup [like dan subscribe|beri rating] dapat "
        "Rp{small}0.000 per tugas, [dibayar tiap hari|langsung cair]. [Minat hubungi|Daftar] WA "
        "{mobile_en}",
        "Halo kak, saya {name_id} dari [bagian HRD|tim promosi] {shop_id}. Kakak "
        "[terpilih|lolos] jadi mitra, kerjakan [3 misi|tugas pertama], deposit {small}00 ribu "
        "kembali {small} juta hari ini. Gabung grup {link}",
        "Tugas gabungan kak, harus [top up Rp{small}00.000|selesaikan sampai tahap 4] dulu baru "
        "[komisi|saldo] bisa ditarik, jangan berhenti di tengah ya kak",
    ),
    FraudType.FAKE_INVESTMENT: (
        "[Titip dana|Investasi] {small}00 ribu jadi {small} juta dalam [3 jam|1 hari], [tanpa "
        "risiko|dijamin amanah], chat admin {name_id} {mobile_en}",
        "Trading [emas|kripto|saham] dibimbing mentor, [profit {small}% per hari|pasti untung], "
        "modal awal {small} juta, daftar {link}",
        "[Arisan|Koperasi] online, setor {small}00 ribu dapat {small} juta, sudah terbukti, slot "
        "tinggal {small}, hubungi {mobile_en}",
    ),
    FraudType.FAKE_SHOPPING: (
        "Jual [HP|laptop|motor] [sitaan bea cukai|barang black market] murah, {small}00 ribu "
        "saja, [DP dulu|transfer ke {account}], barang langsung dikirim, WA {mobile_en}",
        "[Barang pesanan anda|Paket anda] ditahan [bea cukai|petugas bandara], segera bayar "
        "denda Rp{small}.500.000 ke rekening {bank_id} {account} a.n {name_id}",
    ),
    FraudType.FAKE_CUSTOMER_SERVICE: (
        "[Nasabah|Pelanggan] {bank_id} yth, mulai {day}/{month} biaya transfer berubah menjadi "
        "Rp150.000 per bulan. [Jika tidak setuju|Untuk menolak] isi formulir {link}",
        "Kurir [J&T|SiCepat|JNE]: paket anda [belum terkirim|alamat tidak jelas], [cek foto "
        "resi|lihat paket] dan instal aplikasi {link}",
        "[BANK {bank_id}|Info {bank_id}]: akun [mobile banking|ATM] anda akan diblokir, "
        "verifikasi [PIN dan OTP|data kartu] di {link} sebelum {time}",
        "Selamat siang, saya {name_id} dari layanan pelanggan {bank_id}. [Poin anda|Limit kartu "
        "kredit anda] [hangus hari ini|kami naikkan], mohon sebutkan kode OTP yang baru masuk",
        "[PLN|Telkomsel|IndiHome]: anda dapat [kompensasi|kelebihan bayar] Rp{small}00.000, "
        "klaim dengan data rekening di {link}",
    ),
    FraudType.FAKE_LOAN: (
        "[Butuh dana cepat|Pinjaman online]? Cair {small} juta {minutes} menit, [tanpa "
        "jaminan|cukup KTP], [bunga 1%|tanpa BI checking], klik {link} atau WA {mobile_en}",
        "KSP [Sejahtera|Mandiri Jaya] menawarkan pinjaman {small} s/d {small}00 juta bunga 2% "
        "per tahun, [info hubungi|WA] {mobile_en}, biaya admin ditransfer di muka",
        "Pinjaman anda {small} juta [sudah disetujui|siap dicairkan], transfer biaya "
        "[asuransi|materai] Rp{small}50.000 ke {bank_id} {account} dulu",
    ),
    FraudType.FAKE_CREDIT: (
        "Jasa [hapus BI checking|bersihkan data pinjol], [garansi|orang dalam], bayar {small}00 "
        "ribu di muka, WA {mobile_en}",
    ),
    FraudType.IMPERSONATE_ACQUAINTANCE: (
        "[Ma|Mama|Pa], ini nomor baru [aku|kakak], HP rusak. Tolong isikan pulsa {small}00 ribu "
        "[ke nomor ini|sekarang penting], nanti aku jelasin, jangan telepon",
        "Kirim saja uangnya ke rekening {bank_id} {account} a.n {name_id}, [yang lama "
        "terblokir|kalau sudah transfer sms ya]",
        "[Pak|Bu], ini {name_id}, [anak bapak kecelakaan|anak ibu di kantor polisi], butuh "
        "{small} juta [untuk operasi|damai], transfer segera ke {account}",
    ),
    FraudType.IMPERSONATE_AUTHORITY: (
        "[Polda|Korlantas]: anda kena tilang elektronik [plat|nopol] {tail}, lihat [bukti|surat] "
        "di aplikasi {link}",
        "[Ditjen Pajak|BPJS]: [tagihan|data] anda [belum lengkap|menunggak], segera [instal|isi] "
        "{link} agar [tidak didenda|tidak dinonaktifkan]",
        "Bantuan [sosial|prakerja|UMKM] Rp{small}.400.000 atas nama anda [siap "
        "dicairkan|terdaftar], isi [NIK dan nomor rekening|PIN] di {link}",
    ),
    FraudType.ROMANCE: (
        "[Hai sayang|Halo ganteng], mau [vcs|temani malam ini]? [transfer pulsa dulu|DP "
        "{small}00 ribu], chat {mobile_en}",
        "Video kamu [sudah saya rekam|ada di saya], kirim {small} juta ke {account} atau saya "
        "sebar ke [keluarga|teman kantor]mu",
    ),
    FraudType.GAME_TRADE: (
        "[Diamond|Skin] gratis [Mobile Legends|Free Fire], [klaim|login akun] di {link} sebelum "
        "habis",
        "Beli akun [ML|FF|PUBG] kamu {small}00 ribu, pakai rekber ini {link}, kirim data login "
        "dulu ya",
    ),
    FraudType.UNSPECIFIED: (
        "SELAMAT! No anda [mendapat|terpilih sebagai pemenang] hadiah [Rp{small}5 juta|1 unit "
        "mobil Avanza|cek tunai] dari [{shop_id}|M-KIOS|Telkomsel poin], PIN {code}, info klik "
        "{link}",
        "[Undangan pernikahan|Surat undangan] {name_id} dan {name_id}, [buka|unduh] di {link}",
        "Situs [slot gacor|togel|judi bola] terpercaya, [bonus new member 100%|RTP tinggi malam "
        "ini], depo {small}0 ribu [WD|maxwin] {small} juta, daftar {link}",
        "[Gan|Bos], main di sini pasti [jackpot|menang], bocoran jam {time}, link alternatif "
        "{link}",
        "Info: pemenang undian [{bank_id}|{shop_id}] no kupon {code}, [pajak hadiah|biaya balik "
        "nama] Rp{small}.500.000 ditransfer ke {account}, hub {name_id} {mobile_en}",
    ),
}

THAI: dict[FraudType, tuple[str, ...]] = {
    FraudType.BRUSHING_REBATE: (
        "รับสมัครงาน[ออนไลน์|พาร์ทไทม์] [กดไลก์|รีวิวสินค้า] ได้เงินวันละ {amount} บาท [จ่ายทุกวั"
        "น|ทำที่บ้านได้] สนใจแอดไลน์ {contact}",
        "ภารกิจนี้ต้อง[โอนก่อน|เติมเงิน] {amount} บาท แล้วจะได้คืนพร้อมค่าคอม {small}% [ถ้าหยุดกล"
        "างทางถอนไม่ได้|ทำให้ครบ 4 รอบ]นะคะ",
    ),
    FraudType.FAKE_INVESTMENT: (
        "ลงทุน[หุ้น|ทองคำ|คริปโต] เริ่มต้น {small}000 บาท กำไร {small}% ต่อวัน [การันตี|ไม่มีความ"
        "เสี่ยง] แอดไลน์อาจารย์ {contact}",
        "กำไรของคุณ {amount} บาท ต้องชำระ[ภาษี|ค่าธรรมเนียม] {amount} บาทก่อนจึงจะ[ถอนได้|ปลดล็อก"
        "บัญชี] {link}",
    ),
    FraudType.FAKE_SHOPPING: (
        "ขาย[มือถือ|กล้อง|นาฬิกา]ราคาถูก [ของหลุดจำนำ|ของศุลกากร] {amount} บาท โอนมัดจำก่อนที่บัญชี {account}",
    ),
    FraudType.FAKE_CUSTOMER_SERVICE: (
        "[ไปรษณีย์ไทย|ขนส่ง] พัสดุของคุณ[จัดส่งไม่สำเร็จ|ตกค้าง] กรุณา[ยืนยันที่อยู่|ชำระค่าธรรมเ"
        "นียม {small} บาท]ที่ {link}",
        "ธนาคาร{bank_th} บัญชีของคุณ[ถูกระงับ|มีการเข้าสู่ระบบผิดปกติ] กรุณา[ยืนยันตัวตน|อัปเดตข้อมูล]ที่ {link}",
        "สวัสดีค่ะ ติดต่อจาก{bank_th} [บัตรเครดิต|บัญชี]ของคุณมียอดค้าง {amount} บาท กรุณาแจ้งรหั"
        "ส OTP ที่ได้รับเพื่อ[ยกเลิกรายการ|ตรวจสอบ]ค่ะ",
        "[การไฟฟ้า|การประปา] ขอคืนเงินค่า[มิเตอร์|ประกัน] {amount} บาท แอดไลน์ {contact} หรือกด {"
        "link} [วันนี้เท่านั้น|เพื่อรับเงิน]",
        "[คะแนนสะสม|แต้ม]ของคุณ {amount} แต้ม[หมดอายุวันนี้|กำลังจะหมดอายุ] แลกของรางวัลที่ {link}",
    ),
    FraudType.FAKE_LOAN: (
        "[เงินด่วน|สินเชื่อ]ออนไลน์ วงเงิน {amount} บาท [ไม่เช็คบูโร|ไม่ต้องค้ำ] อนุมัติใน {minut"
        "es} นาที [แอดไลน์ {contact}|สมัคร {link}]",
        "คุณได้รับสิทธิ์กู้ {amount} บาท จาก{bank_th} [ดอกเบี้ย 0%|ผ่อนวันละ {small} บาท] กดรับสิทธิ์ {link}",
        "เงินกู้อนุมัติแล้ว แต่เลขบัญชีผิด ต้องโอนค่า[ปลดล็อก|ค้ำประกัน] {amount} บาท ไปที่ {acco"
        "unt} ก่อน[จึงจะได้รับเงิน|แล้วจะคืนให้พร้อมเงินกู้]",
    ),
    FraudType.FAKE_CREDIT: (
        "รับ[ปิดบูโร|แก้เครดิตบูโร] ติดแบล็คลิสต์ก็กู้ได้ จ่ายก่อน {amount} บาท ไลน์ {contact}",
    ),
    FraudType.IMPERSONATE_ACQUAINTANCE: (
        "[แม่|พ่อ] หนูเปลี่ยนเบอร์ใหม่ โทรศัพท์[พัง|หาย] ช่วยโอนเงิน {amount} บาท ไปบัญชี {accoun"
        "t} ก่อนนะ [อย่าเพิ่งโทรมา|พรุ่งนี้คืน]",
    ),
    FraudType.IMPERSONATE_AUTHORITY: (
        "เจ้าหน้าที่ตำรวจ[สภ.เมือง|ไซเบอร์] บัญชีของคุณพัวพันคดี[ฟอกเงิน|ยาเสพติด] ต้องโอนเงินมา["
        "ตรวจสอบ|บัญชีกลาง] {account} ห้ามบอกใคร",
        "[กรมสรรพากร|กรมที่ดิน] คุณมี[ภาษีค้างชำระ|สิทธิ์ได้เงินคืน {amount} บาท] กรุณาติดตั้งแอปที่ {link}",
        "[ประกันสังคม|กองทุนบำนาญ] คุณได้รับเงิน[เยียวยา|คืน] {amount} บาท ลงทะเบียนที่ {link} ภายในวันนี้",
    ),
    FraudType.ROMANCE: (
        "ที่รัก ผมส่ง[ของขวัญ|กล่องเงิน]มาให้ ติดศุลกากร ช่วยจ่าย[ภาษี|ค่าธรรมเนียม] {amount} บาท"
        " ก่อนนะ โอนไปที่ {account}",
    ),
    FraudType.GAME_TRADE: ("แจก[เพชร|สกิน]ฟรี [ROV|Free Fire] [ล็อกอิน|กรอกรหัส]ที่ {link} ด่วน",),
    FraudType.UNSPECIFIED: (
        "ยินดีด้วย คุณได้รับรางวัล[ไอโฟน|ทองคำ|เงินสด {amount} บาท] กด {link} เพื่อ[รับรางวัล|ยืนยันสิทธิ์]",
        "[สล็อต|บาคาร่า|เว็บพนัน]แตกง่าย สมัครรับโบนัส {small}00% [ฝากถอนออโต้|ไม่มีขั้นต่ำ] {link}",
    ),
}
