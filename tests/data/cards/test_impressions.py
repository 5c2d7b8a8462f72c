"""Cards of logs with true impressions, over files in the published formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.cards.opened import opened

LOG = (
    "user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,is_hate,long_view,"
    "play_time_ms,duration_ms,profile_stay_time,comment_stay_time,is_profile_enter,is_rand,tab\n"
)
VIDEOS = (
    "video_id,author_id,video_type,upload_dt,upload_type,visible_status,video_duration,server_width,server_height,"
    "music_id,music_type,tag\n"
)
FIRST = 1_649_408_076_860
"""Milliseconds."""


def shown(user: int, video: int, minute: int, click: int, rand: int = 0) -> str:
    time = FIRST + 60_000 * minute
    like, follow, forward = (video // n % 2 for n in (2, 3, 4))
    feedback = f"{click},{like},{follow},{click},{forward},0,{click}"
    return f"{user},{video},20220408,1600,{time},{feedback},100,87433,0,0,0,{rand},1\n"


@pytest.fixture(params=["pure", "1k"])
def kuairand(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    kind, folder = request.param, tmp_path / "data"
    folder.mkdir()
    videos = [f"{v},{100 + v % 2},NORMAL,2022-04-10,Web,0.0,87433.0,720.0,1280.0,91,9.0,{t}\n" for v, t in TAGS.items()]
    (folder / f"video_features_basic_{kind}.csv").write_text(VIDEOS + "".join(videos))
    early, late = [shown(3, v, v, v % 2) for v in range(8)], [shown(3, v, v, 1 - v % 2) for v in range(8, 20)]
    (folder / f"log_standard_4_08_to_4_21_{kind}.csv").write_text(LOG + "".join(early))
    (folder / f"log_standard_4_22_to_5_08_{kind}.csv").write_text(LOG + "".join(late))
    random = [shown(3, 5, 10, 0, 1), shown(3, 5, 18, 1, 1), shown(4, 7, 11, 0, 1), shown(3, 2, 19, 1, 1)]
    (folder / f"log_random_4_22_to_5_08_{kind}.csv").write_text(LOG + "".join(random))
    return f"kuairand_{kind}", tmp_path


TAGS = {video: "" if video == 4 else '"12,65"' if video % 3 == 0 else str(video) for video in range(20)}


def test_kuairand(kuairand: tuple[str, Path]) -> None:
    """Clicks make the history, impressions the samples; several tags stand in quotes, and some videos have none."""
    found = opened(*kuairand)
    assert found.dataset.describe()["samples"] == {"train": 9, "valid": 1, "test": 1}
    names = ("item", "category", "author", "click", "long_view", "like", "behaviors.item", "behaviors.category")
    ((item, category, author, click, long_view, like, items, categories),) = found.rows("test", *names)
    assert (item, author, click, long_view, like) == (None, 101, 0, 0, 1), "the newest video is in no training sample"
    assert category is None
    clicked = [*range(1, 8, 2), *range(8, 19, 2)]
    assert items == tuple(video if video < 18 else None for video in clicked)
    assert categories[1:3] == ("12", "5")
    ((time,),) = found.rows("valid", "behaviors.time")
    assert time[0] == FIRST + 60_000


def test_kuairand_shown_at_random(kuairand: tuple[str, Path]) -> None:
    """The random exposures as samples, with histories from the standard log; user 4 has none."""
    card, root = kuairand
    kind = card.removeprefix("kuairand_")
    sets = [f"data.samples.from=data/log_random_4_22_to_5_08_{kind}.csv", "data.samples.min_history=0"]
    found = opened(card, root, *sets, "data.split={by: time, valid: 0, test: 0}")
    rows = found.rows("train", "user", "item", "click", "behaviors.item")
    before = {minute: tuple(v for v in [*range(1, 8, 2), *range(8, 19, 2)] if v < minute) for minute in (10, 18, 19)}
    assert rows == [(3, 5, 0, before[10]), (3, 5, 1, before[18]), (3, 2, 1, before[19]), (4, 7, 0, ())]


def test_taobao_ad(tmp_path: Path) -> None:
    """Behaviours name no item; the impression sees those strictly before it; the eighth day tests."""
    day, eighth = 86_400, 1_494_604_800
    (tmp_path / "behavior_log.csv").write_text(
        "user,time_stamp,btag,cate,brand\n"
        f"558157,{eighth - 3 * day},pv,6250,91286\n558157,{eighth + 5},buy,6250,91247\n558157,{eighth + 9},fav,1,2\n"
        f"1,{eighth - 9 * day},cart,7,8\n"
    )
    (tmp_path / "ad_feature.csv").write_text(
        "adgroup_id,cate_id,campaign_id,customer,brand,price\n63133,6406,83237,1,95471,170.0\n1,6250,9,2,NULL,0\n"
    )
    (tmp_path / "user_profile.csv").write_text(
        "userid,cms_segid,cms_group_id,final_gender_code,age_level,pvalue_level,shopping_level,occupation,"
        "new_user_class_level \n558157,0,5,2,5,,3,0,3\n1,13,2,2,2,2,3,0,2\n"
    )
    (tmp_path / "raw_sample.csv").write_text(
        "user,time_stamp,adgroup_id,pid,nonclk,clk\n"
        f"558157,{eighth - 2 * day},1,430548_1007,1,0\n558157,{eighth - day},63133,430548_1007,0,1\n"
        f"558157,{eighth + 9},63133,430539_1007,0,1\n"
        f"1,{eighth - 3600},1,430548_1007,1,0\n2,{eighth},1,430548_1007,1,0\n"
    )
    found = opened("taobao_ad", tmp_path)
    names = (
        "user",
        "item",
        "category",
        "brand",
        "pid",
        "click",
        "behaviors.category",
        "behaviors.brand",
        "behaviors.btag",
    )
    assert [row[:2] for row in found.rows("valid", *names)] == [(None, 1)]
    second, first = found.rows("test", *names)
    assert first == (558157, 63133, 6406, 95471, None, 1, (6250, 6250), (91286, None), ("pv", None))
    assert second == (None, 1, 6250, None, "430548_1007", 0, (), (), ())
    profile = ("cms_segid", "cms_group", "gender", "age", "consumption", "shopping", "student", "city")
    assert found.rows("test", *profile) == [(None,) * 8, (0, 5, 2, 5, None, 3, 0, 3)]
    prices = [price for ((price,),) in found.rows("train", "price")]
    assert prices == pytest.approx([0.0, 5.1417], abs=1e-4)


NEWS = {f"N{n}": (f"kind{n % 2}", f"part{n % 3}") for n in range(1, 9)}
TRAIN = [
    ("1", "U1", "11/11/2019 9:05:58 AM", "N1 N2 N3", "N4-1 N5-0"),
    ("2", "U2", "11/12/2019 6:11:30 PM", "", "N4-0 N6-1 N5-0"),
    ("3", "U1", "11/14/2019 12:00:00 AM", "N1 N2 N3", "N5-1"),
]
DEV = [
    ("1", "U3", "11/15/2019 7:00:00 AM", "N2 N1", "N4-1 N6-0"),
    ("2", "U1", "11/15/2019 12:30:00 PM", "N1 N2 N3 N5", "N6-1"),
]


@pytest.mark.parametrize("size", ["small", "large"])
def test_mind(tmp_path: Path, size: str) -> None:
    """One row for each news that was shown, with the history that was published with it; quotes mean nothing."""
    for part, rows in (("train", TRAIN), ("dev", DEV)):
        (tmp_path / part).mkdir()
        (tmp_path / part / "behaviors.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
        lines = [f'{name}\t{kind}\t{sub}\t"Title\tText\thttps://x\t[]\t[]\n' for name, (kind, sub) in NEWS.items()]
        (tmp_path / part / "news.tsv").write_text("".join(lines))
    found = opened(f"mind_{size}", tmp_path)
    names = ("user", "item", "category", "click", "behaviors.item", "behaviors.category")
    history = ("N1", "N2", "N3")
    kinds = ("kind1", "kind0", "kind1")
    assert found.rows("train", *names) == [
        ("U1", "N4", "kind0", 1, history, kinds),
        ("U1", "N5", "kind1", 0, history, kinds),
        ("U2", "N4", "kind0", 0, (), ()),
        ("U2", "N6", "kind0", 1, (), ()),
        ("U2", "N5", "kind1", 0, (), ()),
    ]
    assert found.rows("valid", *names) == [("U1", "N5", "kind1", 1, history, kinds)]
    assert found.rows("test", *names) == [
        ("U1", "N6", "kind0", 1, (*history, "N5"), (*kinds, "kind1")),
        (None, "N4", "kind0", 1, ("N2", "N1"), ("kind0", "kind1")),
        (None, "N6", "kind0", 0, ("N2", "N1"), ("kind0", "kind1")),
    ]
