"""Prove an incident bundle 警情档案包 without the hub: `python3 -I verify.py [FOLDER or ZIP]`, with Python alone.

It shows that no byte of a file differs from the manifest, that the facts of the journal extract hash into the links of
its chain, that none in between is missing, that people's words are those that were hashed (erased ones are named), and
that alarms, orders and all other cases of the bundle are what their last facts say. Of facts about other matters only
the hashes are there. So it fits itself; that nobody made all of it anew only the hub can tell: compare the seal with
that of `bundle.exported` in its journal.

Exit 0: all fits. 1: something does not. 2: there is nothing to check.
"""

import sys

if __name__ == "__main__" and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]  # the bundle's folder: a json.py that somebody put there would be believed

import hashlib
import json
import re
import zipfile
from pathlib import Path
from typing import IO, Any

Files = dict[str, bytes]

MANIFEST = "manifest.json"
FACTS = "journal/facts.jsonl"
CHAIN = "journal/chain.json"
CASES = "cases.json"
_SHA = re.compile(r"[0-9a-f]{64}")
_FITS = (
    "FITS ITSELF / 自身校验通过\n"
    "Compare the seal with bundle.exported in the hub's journal / 请将封印与主机日志中的 bundle.exported 核对"
)
_COMPILED = re.compile(r"__pycache__/verify[^/]*\.pyc")
_DESCRIPTORS = (0, 12, 16, 20, 24)
"""Bytes that may follow a file in a .zip that was written in one go."""


def verify(files: Files) -> tuple[list[str], list[str]]:
    """(problems, notes) of a bundle, one sentence each. files: name -> bytes."""
    problems: list[str] = []
    notes: list[str] = []
    try:
        manifest = json.loads(files[MANIFEST])
        listed = dict(manifest["files"])
        whole = {key: value for key, value in manifest.items() if key != "seal"}
        if manifest["seal"] != _seal(whole) or files[MANIFEST] != dumped(manifest):
            problems.append("manifest.json was altered: its seal does not fit")
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        return [f"manifest.json is missing or cannot be read ({error})"], notes
    notes.append(f"seal {manifest['seal']} over {len(listed)} files")
    strange = sorted(files.keys() - listed.keys() - {MANIFEST})
    problems += [f"{name}: the file is missing" for name in sorted(listed.keys() - files.keys())]
    problems += [f"{name}: the file does not belong to the bundle" for name in strange]
    problems += [
        f"{name}: differs from what was exported"
        for name in sorted(listed.keys() & files.keys())
        if hashlib.sha256(files[name]).hexdigest() != listed[name]
    ]
    try:
        facts = _chain(files, problems, notes)
        _cases(files, facts, problems, notes)
        _photos(files, facts, problems, notes)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        problems.append(f"the bundle cannot be read ({type(error).__name__}: {error})")
    return problems, notes


def dumped(value: Any) -> bytes:
    """JSON as the bundle's files are written."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def seal(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with its own hash."""
    return {**manifest, "seal": _seal(manifest)}


def _seal(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(dumped(manifest)).hexdigest()


def _chain(files: Files, problems: list[str], notes: list[str]) -> list[dict[str, Any]]:
    """Facts by number, after their hashes were checked."""
    chain = json.loads(files[CHAIN])
    facts = [json.loads(line) for line in files[FACTS].decode().splitlines()]
    previous, at, erased, withheld = bytes.fromhex(chain["before"]), 0, 0, 0
    after = None
    for first, last, expected in chain["links"]:
        if after is not None and first != after + 1:
            notes.append(
                f"facts {after + 1} to {first - 1} never reached the journal; the chain goes on without them"
            )
        begun = at
        while at < len(facts) and first <= facts[at]["number"] <= last:
            at += 1
        if expected not in _links(previous, facts[begun:at]):
            problems.append(
                f"journal: facts {first} to {last} do not fit their link of the chain ({at - begun} found)"
            )
        previous, after = bytes.fromhex(expected), last
    if at != len(facts):
        problems.append(f"journal: {len(facts) - at} facts stand outside of the chain")
    told = [fact for fact in facts if "hash" not in fact]
    for fact in told:
        withheld += bool(fact.get("withheld"))
        own = fact.get("words")
        said = {"salt": fact["salt"], "text": fact["text"]} if "text" in fact else None
        for shown, known in ((said, fact["note"]), (own, _hashed(json.loads(fact["body"])))):
            if shown is None:
                erased += known is not None and not fact.get("withheld")
            elif _salted(shown) != known:
                problems.append(f"journal: the words of fact {fact['number']} are not those that were hashed")
    notes.append(
        f"{len(facts)} facts in {len(chain['links'])} links, {erased} with erased words, "
        f"{len(facts) - len(told)} of other matters by their hash only, {withheld} of other matters without their words"
    )
    if chain["links"]:
        ends = chain["links"][0][0], chain["links"][-1][1]
        notes.append(
            f"anchors: {chain['before']} before fact {ends[0]}, {previous.hex()} after fact {ends[1]}"
        )
    return told


def _links(previous: bytes, facts: list[dict[str, Any]]) -> set[str]:
    """What a link over these facts may be: over their hashes, or, as it was at first, over the facts themselves."""
    hashes = [
        bytes.fromhex(fact["hash"]) if "hash" in fact else hashlib.sha256(_row(fact)).digest()
        for fact in facts
    ]
    found = {hashlib.sha256(previous + b"".join(hashes)).hexdigest()}
    if not any("hash" in fact for fact in facts):
        found.add(hashlib.sha256(previous + b"".join(map(_row, facts))).hexdigest())
    return found


def _salted(words: dict[str, str]) -> str:
    return hashlib.sha256(bytes.fromhex(words["salt"]) + words["text"].encode()).hexdigest()


def _hashed(body: dict[str, Any]) -> str | None:
    """The hash of the words that were taken out of a body."""
    known = body.get("words")
    return known if isinstance(known, str) and _SHA.fullmatch(known) else None


def _row(fact: dict[str, Any]) -> bytes:
    """A fact as the journal's chain hashes it; its body is the canonical JSON itself."""
    return (
        f'{{"body":{fact["body"]},"by":{json.dumps(fact["by"])},"kind":{json.dumps(fact["kind"])},'
        f'"note":{json.dumps(fact["note"])},"seq":"{fact["epoch"]}-{fact["number"]}",'
        f'"subject":{json.dumps(fact["subject"])},"time":{fact["time"]}}}\n'
    ).encode()


def _cases(files: Files, facts: list[dict[str, Any]], problems: list[str], notes: list[str]) -> None:
    """Each alarm and case is the body of the last fact about it."""
    last: dict[tuple[str, str], Any] = {}
    shown, lost = json.loads(files[CASES]), set(json.loads(files[CHAIN])["lost"])
    own_cases = {(subject, body["id"]) for subject, bodies in shown.items() for body in bodies}
    for fact in facts:
        body = json.loads(fact["body"])
        about = fact["subject"], body.get("id")
        if fact.get("withheld") is not None:  # of another matter
            if about in own_cases:
                problems.append(
                    f"journal: fact {fact['number']} of {about[0]} {about[1]} stands there as of others"
                )
            continue
        if "id" in body:
            own = json.loads(fact["words"]["text"]) if "words" in fact else {}
            bare = {key: value for key, value in body.items() if key != "words" or _hashed(body) is None}
            last[fact["subject"], body["id"]] = {**bare, **own}
    problems += [
        f"{subject} {id}: facts of the extract tell of it, and it is not shown"
        for subject, id in sorted(last.keys() - own_cases)
        if subject in shown
    ]
    proved = 0
    for subject, bodies in shown.items():
        for body in bodies:
            told, name = last.get((subject, body["id"])), f"{subject} {body['id']}"
            if told is None:
                notes.append(f"{name}: no fact of the extract tells of it, it is shown unproved")
            elif told != body and not lost.isdisjoint({body["id"], f"{subject}/{body['id']}"}):
                notes.append(f"{name}: its last facts never reached the journal, it is shown unproved")
            elif told != body:
                problems.append(f"{name}: differs from what its last fact says")
            else:
                proved += 1
    notes.append(f"{proved} alarms and cases are what their last facts say")


def _photos(files: Files, facts: list[dict[str, Any]], problems: list[str], notes: list[str]) -> None:
    """Each photo, and each picture of a camera, is the one whose hash stands in the facts."""
    known: set[str] = set()
    for fact in facts:
        known.update(_SHA.findall(fact["body"]))
    photos = [name for name in files if name.startswith(("photos/", "stills/"))]
    told = {name: hashlib.sha256(files[name]).hexdigest() in known for name in photos}
    problems += [f"{name}: no fact tells of this picture" for name in photos if not told[name]]
    stills = sum(name.startswith("stills/") for name in photos)
    notes.append(f"{len(photos) - stills} photos, {stills} pictures of cameras")


def read(path: Path) -> Files:
    """The files of a bundle, name -> bytes, from a folder or a .zip; ValueError when it is neither."""
    if path.is_dir():
        return {
            name: found.read_bytes()
            for found in sorted(path.rglob("*"))
            if found.is_file() and not _COMPILED.fullmatch(name := found.relative_to(path).as_posix())
        }
    try:
        with zipfile.ZipFile(path) as bundle, path.open("rb") as raw:
            _whole(bundle, raw)
            names = bundle.namelist()
            # Of two files of one name a reader shows one and another reader the other.
            twice = {f"{name} (again)": b"" for name in names if names.count(name) > 1}
            return {name: bundle.read(name) for name in names if not name.endswith("/")} | twice
    except (OSError, zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"{path} is no whole bundle: {error}") from error


def _whole(bundle: zipfile.ZipFile, raw: IO[bytes]) -> None:
    """ValueError where the .zip holds bytes that are of no file, which another reader may take for one."""
    end = 0
    for entry in sorted(bundle.infolist(), key=lambda entry: entry.header_offset):
        if entry.is_dir() and entry.file_size:
            raise ValueError(f"{entry.filename}: a folder with content")
        if entry.header_offset - end not in (_DESCRIPTORS if end else (0,)):
            raise ValueError(f"bytes before {entry.filename} belong to no file")
        raw.seek(entry.header_offset + 26)
        lengths = raw.read(4)
        sizes = int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
        end = entry.header_offset + 30 + sizes + entry.compress_size
    if bundle.start_dir - end not in _DESCRIPTORS or bundle.comment:
        raise ValueError("bytes at its end belong to no file")


def main(arguments: list[str]) -> int:
    """Check the bundle in the folder of this script, or the folder or .zip that is named."""
    path = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    try:
        files = read(path)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if not files:
        sys.stderr.write(f"{path}: nothing to check\n")
        return 2
    problems, notes = verify(files)
    result = "DOES NOT FIT / 校验不通过" if problems else _FITS
    sys.stdout.writelines(
        f"{line}\n" for line in (*notes, *(f"!! {problem}" for problem in problems), result)
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
