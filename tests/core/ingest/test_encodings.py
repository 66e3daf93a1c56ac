import pytest

from core.sources.encodings import detected


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("客户,订单\n张三,好\n", "utf-8"),
        ("客户,订单\n张三,VIP会员\n", "gb18030"),
        ("下单时间,金额\n2024-01-01,數量愛國體驗😀會員\n", "gb18030"),
        ("訂單,會員,總額\n臺灣體驗館,憂鬱\n", "gb18030"),
        ("Größe,Straße,détail,naïve,Ærø\n", "cp1252"),
        ("São Paulo,ação,coração,maçã\n", "cp1252"),
        ("été,élève,cœur\n", "cp1252"),
    ],
)
def test_the_encoding_of_a_text_is_found_out(text, encoding):
    assert detected(text.encode(encoding), is_cut=False) == encoding
    assert detected(text.encode(encoding) * 50, is_cut=True) == encoding
