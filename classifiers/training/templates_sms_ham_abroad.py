"""Legitimate Indonesian, Thai and Turkish messages, as templates for `templates_sms`.

Codes, alerts, parcels, bills, appointments and families.
``[a|b]`` is a choice, ``{slot}`` is filled.
"""

INDONESIAN = (
    "{code} adalah kode verifikasi {app_en} Anda. [Jangan berikan kepada siapa pun|Rahasiakan "
    "kode ini|Berlaku {minutes} menit].",
    "[Kode OTP|OTP] Anda {code} untuk transaksi Rp{amount}. [Pihak bank tidak pernah meminta OTP|"
    "Jangan bagikan ke siapa pun|Hubungi call center bila bukan Anda].",
    "Transfer Rp{amount} ke {name_id} [berhasil|sedang diproses|gagal] pada {day}/{month}. [Ref "
    "{parcel}|Simpan pesan ini|Cek di aplikasi].",
    "Yth. nasabah, tagihan kartu kredit Anda Rp{amount} jatuh tempo {day}/{month}. [Abaikan bila "
    "sudah bayar|Bayar lewat aplikasi atau ATM|Terima kasih].",
    "Paket {parcel} [sedang diantar kurir|sudah diterima|menunggu di agen]. [Lacak di {link}|"
    "Kurir: {name_id}|Siapkan uang tunai Rp{amount}].",
    "Sisa kuota internet Anda {small} GB, [berlaku sampai {day}/{month}|cek di aplikasi|terima "
    "kasih].",
    "Pengisian pulsa Rp{amount} berhasil. [Masa aktif sampai {day}/{month}/{year}|Saldo Rp"
    "{amount}|Terima kasih].",
    "Tagihan [listrik|air|internet] bulan ini Rp{amount}. [Bayar sebelum tanggal {day}|Bila "
    "sudah bayar abaikan|Hindari denda].",
    "Pendaftaran [rawat jalan|dokter gigi|vaksin] Anda tanggal {day}/{month} jam {time}. [Bawa "
    "KTP|Datang {minutes} menit lebih awal|Nomor antrean {small}].",
    "Pesanan Anda [dibatalkan, dana Rp{amount} dikembalikan|sudah dikirim|siap diambil]. [Cek di "
    "aplikasi|Tidak perlu tindakan|Dana masuk {small} hari kerja].",
    "Waspada penipuan yang mengatasnamakan [bank|undian|kurir]. [Jangan klik tautan|Jangan "
    "berikan PIN|Laporkan ke kantor kami].",
    "[Ma|Pa|Kak], tolong transfer Rp{amount} [buat bayar kos|buat beli buku|uang jajan habis], ["
    "nanti aku ganti|makasih|rekening yang biasa ya].",
    "[Bro|Sis|Pak], uangnya sudah saya transfer ya, Rp{amount}, [tolong dicek|makasih banyak|"
    "bukti saya kirim di WA].",
    "Ini nomor baru saya, {name_id}. [Nomor lama sudah tidak aktif|Tolong disimpan|WA tetap sama].",
    "Rapat jam {time} [pindah ke ruang {small}|dibatalkan|lewat {link}]. [Mohon hadir|Terima "
    "kasih|Bawa laporan].",
    "Selamat, lamaran Anda lolos tahap awal. [Wawancara {day}/{month} jam {time}|Bawa ijazah asli"
    "|Tidak dipungut biaya].",
    "Nomor saya ganti ya, ini {name_id}. [Yang lama hilang|Simpan nomor ini|Kontak lain menyusul].",
    "Uang kos sudah saya kirim Rp{amount}, [cek ya Bu|bukti transfer menyusul|terima kasih].",
    "Hutang kemarin Rp{amount} [saya bayar minggu depan|sudah lunas ya|saya titip ke {name_id}].",
    "Yth. pelanggan, [jaringan sedang diperbaiki|pemadaman listrik {day}/{month}|air mati sampai "
    "jam {time}]. [Mohon maaf|Terima kasih atas kesabaran Anda].",
    "Kode pengambilan paket: {code}. [Tunjukkan ke petugas|Ambil sebelum {day}/{month}|Bawa KTP].",
    "Bank tidak pernah meminta [PIN|OTP|kata sandi]. Jika ada yang meminta, [tutup telepon|"
    "laporkan ke cabang].",
    "Gaji bulan ini sudah masuk Rp{amount}. [Slip ada di email|Pertanyaan ke {name_id} HRD].",
    "[Ini|Halo ini] {name_id} [ganti nomor|pakai nomor istri dulu|HP lagi diservis]. [Nanti "
    "malam saya telepon|Jangan lupa rapat besok|Salam buat keluarga].",
)

THAI = (
    "รหัส OTP ของคุณคือ {code} [ห้ามบอกผู้อื่น|ใช้ได้ {minutes} นาที|ธนาคารไม่มีนโยบายขอรหัส]",
    "บัญชี xx{tail} [เงินเข้า|ถอนเงิน|โอนออก] {amount} บาท [คงเหลือ {amount} บาท|วันที่ {day}/"
    "{month} เวลา {time}]",
    "พัสดุ {parcel} [อยู่ระหว่างนำจ่าย|ถึงปลายทางแล้ว|จัดส่งสำเร็จ] [ติดตามได้ที่ {link}|โทรหาพนักงานส่งได้|ขอบคุณค่ะ]",
    "ค่าบริการเดือนนี้ {amount} บาท [ครบกำหนด {day}/{month}|ชำระได้ที่แอปหรือสาขา|หากชำระแล้วขออภัย]",
    "เติมเงินสำเร็จ {amount} บาท [ใช้ได้ถึง {day}/{month}/{year}|ยอดคงเหลือ {amount} บาท|ขอบคุณค่ะ]",
    "แจ้งเตือน: มีการเข้าสู่ระบบจากอุปกรณ์ใหม่ [หากไม่ใช่คุณ โปรดเปลี่ยนรหัสผ่าน|เวลา {time}|หากเป็นคุณไม่ต้องทำอะไร]",
    "โรงพยาบาลขอแจ้งนัดวันที่ {day}/{month} เวลา {time} [งดอาหารก่อนตรวจ|นำบัตรประชาชนมาด้วย|เลื่อนนัด"
    "โทรแจ้งได้]",
    "ตำรวจเตือนภัย [อย่าโอนเงินให้คนไม่รู้จัก|อย่ากดลิงก์แปลกปลอม|แก๊งคอลเซ็นเตอร์ระบาด] [โทร 1441|แจ้งคว"
    "ามได้ที่สถานีใกล้บ้าน]",
    "แม่ [โอนเงินให้หน่อย {amount} บาท|ถึงบ้านแล้วนะ|เดี๋ยวโทรหา] [ขอบคุณค่ะ|ไว้คืนให้|รักแม่]",
    "คืนเงิน {amount} บาท เข้าบัตรของคุณแล้ว [ภายใน {small} วันทำการ|คำสั่งซื้อ {parcel}|ไม่ต้องดำเนินการใดๆ]",
)

TURKISH = (
    "{bank_tr}: onay kodunuz {code}. [Kimseyle paylaşmayın|Banka personeli bu kodu istemez|"
    "{minutes} dakika geçerlidir].",
    "{tail} ile biten kartınızla {amount} TL harcama yapıldı. [Bilginiz dışındaysa bankayı arayın"
    "|Kalan limit {amount} TL|Tarih {day}.{month}].",
    "Hesabınıza {amount} TL [havale geldi|maaş yatırıldı|iade yapıldı]. [Gönderen {name_tr}|"
    "Bakiye {amount} TL]. {bank_tr}",
    "Kargonuz {parcel} [dağıtıma çıktı|şubede bekliyor|teslim edildi]. [Takip: {link}|Teslim "
    "kodu {tail}|Kimliğinizle alabilirsiniz].",
    "Faturanız {amount} TL, son ödeme {day}.{month}. [Ödediyseniz dikkate almayın|Otomatik ö"
    "demede|Uygulamadan ödeyebilirsiniz].",
    "Randevunuz {day}.{month} saat {time}. [Gelemeyecekseniz iptal edin|Kimliğinizi getirin|15 "
    "dakika önce gelin].",
    "Emniyet uyarısı: [polis ve savcı para istemez|hesabınızı kurtarmak için para göndermeyin|"
    "linklere tıklamayın]. [155'i arayın|112'ye bildirin].",
    "[Anne|Baba|Abi], {amount} TL gönderir misin, [kirayı ödeyeceğim|kartım evde kaldı|haftaya "
    "veririm]. [Sağ ol|Öptüm]",
    "Siparişiniz iptal edildi, {amount} TL [kartınıza iade edilecek|{small} iş günü içinde yatar]"
    ". [İşlem yapmanıza gerek yok|Sipariş {parcel}].",
    "Yeni numaram bu, {name_tr}. [Eskisi kapandı|Kaydedersin|Akşam ararım].",
)
