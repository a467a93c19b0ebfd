"""Where the hundred koperasi of the story are: kelurahan of Kota Bandung, by kecamatan.

The names are those of Kepmendagri 300.2.2-2138/2025; 100 of the city's 151.
"""

REGION_CODE = "32.73"

KELURAHAN: dict[str, tuple[str, ...]] = {
    "Sukasari": ("Sukarasa", "Gegerkalong", "Isola"),
    "Coblong": ("Cipaganti", "Lebak Gede", "Sadang Serang", "Dago"),
    "Babakan Ciparay": ("Babakan Ciparay", "Babakan", "Sukahaji", "Margahayu Utara"),
    "Bojongloa Kaler": ("Kopo", "Babakan Tarogong", "Jamika"),
    "Andir": ("Maleber", "Dungus Cariang", "Ciroyom", "Kebon Jeruk"),
    "Cicendo": ("Husein Sastranegara", "Arjuna", "Pajajaran", "Pasirkaliki"),
    "Sukajadi": ("Pasteur", "Cipedes", "Sukawarna"),
    "Cidadap": ("Hegarmanah", "Ciumbuleuit", "Ledeng"),
    "Bandung Wetan": ("Cihapit", "Taman Sari", "Citarum"),
    "Astanaanyar": ("Karasak", "Nyengseret", "Karang Anyar", "Panjunan"),
    "Regol": ("Cigereleng", "Ancol", "Pungkur", "Balong Gede"),
    "Batununggal": ("Gumuruh", "Maleer", "Cibangkong", "Kacapiring"),
    "Lengkong": ("Cijagra", "Lingkar Selatan", "Burangrang", "Paledang"),
    "Cibeunying Kidul": ("Padasuka", "Cikutra", "Cicadas", "Sukamaju"),
    "Bandung Kulon": ("Cijerah", "Cibuntu", "Warung Muncang", "Caringin"),
    "Kiaracondong": ("Sukapura", "Kebon Jayanti", "Babakan Surabaya"),
    "Bojongloa Kidul": ("Cibaduyut", "Cibaduyut Kidul", "Cibaduyut Wetan"),
    "Cibeunying Kaler": ("Cihaur Geulis", "Sukaluyu", "Neglasari"),
    "Sumur Bandung": ("Braga", "Merdeka", "Kebon Pisang"),
    "Antapani": ("Antapani Kulon", "Antapani Tengah", "Antapani Kidul"),
    "Bandung Kidul": ("Batununggal", "Wates", "Mengger"),
    "Buahbatu": ("Sekejati", "Margasari", "Cijaura"),
    "Rancasari": ("Cipamokolan", "Derwati", "Manjahlega"),
    "Arcamanik": ("Sukamiskin", "Cisaranten Bina Harapan", "Cisaranten Kulon"),
    "Cibiru": ("Palasari", "Cipadung", "Pasir Biru"),
    "Ujungberung": ("Pasir Endah", "Cigending", "Pasirwangi"),
    "Gedebage": ("Cimincrang", "Cisaranten Kidul", "Rancabolang"),
    "Panyileukan": ("Cipadung Kulon", "Cipadung Kidul", "Cipadung Wetan"),
    "Cinambo": ("Cisaranten Wetan", "Pakemitan", "Sukamulya"),
    "Mandalajati": ("Jatihandap", "Karang Pamulang", "Pasir Impun"),
}


def koperasi_ids() -> dict[str, str]:
    """The hundred koperasi: their titles by id, such as `kop-cibaduyut-kidul`."""
    return {
        f"kop-{kelurahan.lower().replace(' ', '-')}": f"Koperasi Konsumen {kelurahan}"
        for names in KELURAHAN.values()
        for kelurahan in names
    }
