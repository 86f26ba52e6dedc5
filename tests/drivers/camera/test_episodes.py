from __future__ import annotations

from drivers.camera.episodes import AGES, Episodes
from drivers.camera.sight import KINDS, Sight

ON = Sight("flame", True, 0.5, "shed", (0.1, 0.2, 0.3, 0.4), {"flicker": 2.123456})
OFF = Sight("flame", False, zone="shed")


def follow(episodes, t, *sights: Sight, learning=False):
    return episodes.follow("flame", sights, t, round(t * 1e6), learning=learning)


def test_every_kind_has_an_age():
    assert set(AGES) == {kind for kinds in KINDS.values() for kind in kinds}


def test_what_lasts_is_told_once_when_it_starts_and_once_when_it_ends():
    episodes = Episodes()
    assert follow(episodes, 0, OFF) == []
    (start,) = follow(episodes, 1, ON)
    assert follow(episodes, 2, ON) == []
    assert episodes.active == ("flame",)
    (end,) = follow(episodes, 3, OFF)
    assert follow(episodes, 4, OFF) == []
    assert episodes.active == ()
    assert (start.state, end.state) == ("start", "end")
    assert start.id == end.id
    assert (start.t, start.since, end.t, end.since) == (1_000_000, 1_000_000, 3_000_000, 1_000_000)
    assert (start.zone, start.box, start.why) == ("shed", (0.1, 0.2, 0.3, 0.4), {"flicker": 2.1235})


def test_the_end_tells_the_strongest_moment():
    episodes = Episodes()
    follow(episodes, 0, ON)
    follow(episodes, 1, Sight("flame", True, 0.9, "shed", why={"flicker": 7}))
    follow(episodes, 2, ON)
    (end,) = follow(episodes, 3, OFF)
    assert (end.score, end.why) == (0.9, {"flicker": 7})


def test_each_zone_and_kind_has_its_own():
    episodes = Episodes()
    told = follow(episodes, 0, ON, Sight("flame", True, zone="gate"))
    assert len({finding.id for finding in told}) == 2
    (end,) = follow(episodes, 1, OFF, Sight("flame", True, zone="gate"))
    assert end.zone == "shed"
    assert episodes.active == ("flame",)


def test_what_a_zone_sees_is_not_told_again_of_the_whole_picture():
    episodes = Episodes()
    whole = Sight("flame", True, 0.5, "", (0.12, 0.2, 0.3, 0.4))
    (start,) = follow(episodes, 0, whole, ON)  # in either order
    assert start.zone == "shed"
    assert follow(episodes, 1, ON, whole) == []
    elsewhere = Sight("flame", True, 0.9, "", (0.7, 0.2, 0.1, 0.1))
    (second,) = follow(episodes, 2, elsewhere, ON)
    assert (second.state, second.zone) == ("start", "")
    assert (
        follow(episodes, 3, whole, ON) == []
    )  # the strongest is the zone's again, and what was told goes on
    gone = Sight("flame", False)
    assert {(one.state, one.zone) for one in follow(episodes, 4, gone, OFF)} == {("end", ""), ("end", "shed")}


def test_one_that_lasts_too_long_ends_as_aged_and_starts_anew_if_still_there():
    episodes = Episodes({"flame": 10})
    (start,) = follow(episodes, 0, ON)
    assert start.max_age == 10
    assert follow(episodes, 9.9, ON) == []
    (aged,) = follow(episodes, 10, ON)
    assert (aged.state, aged.id) == ("aged", start.id)
    (again,) = follow(episodes, 10.2, ON)
    assert again.state == "start"
    assert again.id != start.id


def test_ages_are_counted_by_frames_and_not_by_a_clock_that_steps():
    episodes = Episodes({"flame": 10})
    episodes.follow("flame", [ON], 0.0, 0)
    assert episodes.follow("flame", [ON], 1.0, 10**12) == []


def test_what_a_check_says_no_more_has_ended_unless_it_learns():
    episodes = Episodes()
    follow(episodes, 0, ON)
    assert follow(episodes, 1, learning=True) == []
    assert [finding.state for finding in follow(episodes, 2)] == ["end"]


def test_other_checks_do_not_end_it():
    episodes = Episodes()
    follow(episodes, 0, ON)
    assert episodes.follow("smoke", [], 1, 1) == []


def test_a_zone_that_is_no_more_ends_what_was_in_it():
    episodes = Episodes()
    follow(episodes, 0, ON)
    assert episodes.keep("flame", {"shed"}, 1) == []
    assert episodes.keep("smoke", (), 1) == []
    assert [finding.state for finding in episodes.keep("flame", {"gate"}, 1)] == ["end"]


def test_the_second_look_stands_by_itself():
    episodes = Episodes()
    (start,) = follow(episodes, 0, Sight("flame", True, why={"verified": 1.0, "model": 0.8}))
    assert start.verified is True
    assert start.why == {"model": 0.8}
    (start,) = follow(Episodes(), 0, Sight("flame", True, why={"verified": 0.0}))
    assert start.verified is False
