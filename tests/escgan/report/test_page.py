"""The page stands alone, says what the data say, and escapes what they contain."""

from __future__ import annotations

import gzip
import hashlib
import re
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from escgan.datasets.bids import BidsConfig
from escgan.datasets.eegmat import EegmatConfig
from escgan.evaluation.verdict import verdict_sentences
from escgan.report.page import SECTIONS, render_report
from escgan.report.sections_methods import methods_text
from escgan.report.sections_recordings import preprocessing_section
from escgan.report.tables_preprocessing import quality_table, taken_words

VOID = {"meta", "link", "img", "br", "hr", "input"}
HOSTILE = '<script>alert("x")</script>\'&$1_{'


class Page(HTMLParser):
    """An HTML page taken apart: elements with their attributes, tables as text, and tags left open."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.text = ""
        self._table = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.elements.append((tag, values))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self._table = values["id"]
            self.tables[self._table] = []
        elif tag == "tr":
            self.tables[self._table].append([])
        elif tag in ("td", "th"):
            self.tables[self._table][-1].append("")
        elif tag == "small":
            self.tables[self._table][-1][-1] += " "

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes <{self.open[-1:]}>"
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data
        if {"td", "th"} & set(self.open):
            self.tables[self._table][-1][-1] += data.strip("\n")

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [values for name, values in self.elements if name == tag]


@pytest.fixture(scope="module")
def html(data):
    return render_report(data)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@pytest.fixture(scope="module")
def minimal_page(minimal_data):
    return Page(render_report(minimal_data))


@pytest.fixture(scope="module")
def hostile_html(make_data):
    return render_report(
        make_data(
            n_subjects=3,
            classes=("<b>calm</b>", "$1 & 'two'", HOSTILE),
            classifiers=(HOSTILE,),
            title=HOSTILE,
            corpus=HOSTILE,
            note=HOSTILE,
            licence=HOSTILE,
            citation=HOSTILE,
            protocol=HOSTILE,
            normalization="none",
            verdict=(HOSTILE, HOSTILE),
            versions={HOSTILE: HOSTILE},
            command=HOSTILE,
            config_yaml=HOSTILE + "</code></pre>",
            left_out=pd.DataFrame([{"recording": HOSTILE, "reason": '" onmouseover="alert(1)'}]),
        )
    )


def test_every_tag_is_closed_in_order(page, minimal_page, hostile_html):
    for parsed in (page, minimal_page, Page(hostile_html)):
        assert parsed.open == []


def test_nothing_is_asked_of_the_network(html, page):
    for _, values in page.elements:
        for name in ("src", "href", "srcset", "action", "poster", "data"):
            if values.get(name) is not None:
                assert values[name].startswith(("data:", "#")), values
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL).group(1)
    assert "url(" not in style and "@import" not in style
    policy = next(v["content"] for v in page.of("meta") if v.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")


def test_the_policy_admits_the_pages_own_scripts_and_no_other(html, minimal_data):
    for text in (html, render_report(minimal_data)):
        scripts = re.findall(r'<script(?: type="module")?>(.*?)</script>', text, re.DOTALL)
        packed = re.search(r'<script id="plotly" type="text/plain">(.*?)</script>', text)
        scripts.append(gzip.decompress(b64decode(packed.group(1))).decode())
        digests = [b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
        policy = re.search(r"script-src (.*?)\"", text).group(1)
        assert len(scripts) == 3 and policy.split() == [f"'sha256-{digest}'" for digest in digests]


def test_every_picture_has_a_sentence_for_those_who_cannot_see_it(page):
    pictures = page.of("img")
    # Two paired plots, forest, confusions, balance, spectra and those of each recording, two sets of maps, edits among
    # real windows, losses, acceptance, recalls.
    assert len(pictures) == 13
    for picture in pictures:
        assert len(picture["alt"]) > 40
        assert picture["alt"].endswith(".")
        assert re.search(r"\d", picture["alt"])


def test_ids_are_unique_and_links_lead_somewhere(page):
    ids = [values["id"] for _, values in page.elements if "id" in values]
    assert len(ids) == len(set(ids))
    for link in page.of("a"):
        assert link["href"].removeprefix("#") in ids
    for _, values in page.elements:
        if "aria-labelledby" in values:
            assert values["aria-labelledby"] in ids


def test_sections_stand_in_order_in_any_run(page, minimal_page):
    expected = ["scores", "comparison", "confusion", "subjects", "preprocessing"]
    expected += ["scalp", "plane", "training", "recall", "methods"]
    assert len(SECTIONS) == len(expected)
    for parsed in (page, minimal_page):
        assert [values["id"] for values in parsed.of("section")] == expected


def test_score_table_repeats_the_frame(data, page):
    head, *rows = page.tables["table-scores"]
    assert head[:2] == ["Classifier", "Augmenter"]
    assert len(rows) == 8
    for row in rows:
        scores = data.scores.query("classifier == @row[0] and augmenter == @row[1]")
        for text, metric in zip(
            row[2:], ("balanced_accuracy", "auroc", "auprc", "macro_f1", "kappa", "accuracy"), strict=True
        ):
            per_subject = np.array([group[metric].mean() for _, group in scores.groupby("subject")])
            per_subject = per_subject[~np.isnan(per_subject)]
            assert text.startswith(f"{per_subject.mean():.3f} ± {per_subject.std(ddof=1):.3f}")


def test_the_interval_is_about_the_standard_error_wide(data, page):
    _, *rows = page.tables["table-scores"]
    for row in rows:
        low, high = (float(x) for x in re.search(r"\[(.*), (.*)\]", row[2]).groups())
        scores = data.scores.query("classifier == @row[0] and augmenter == @row[1]")
        subjects = scores.groupby("subject")["balanced_accuracy"].mean()
        assert low < subjects.mean() < high
        assert (high - low) / 2 == pytest.approx(t.ppf(0.975, len(subjects) - 1) * subjects.sem(), rel=0.2)


def test_the_best_of_each_column_is_bold(data, html):
    table = re.search(r'<table id="table-scores".*?</table>', html, re.DOTALL).group(0)
    means = data.scores.groupby(["classifier", "augmenter", "subject"])["kappa"].mean()
    best = means.groupby(["classifier", "augmenter"]).mean().max()
    assert f"<strong>{best:.3f} ±" in table


def test_no_accuracy_is_bold_and_the_page_says_why(html, page):
    table = re.search(r'<table id="table-scores".*?</table>', html, re.DOTALL).group(0)
    rows = [re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL) for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)]
    assert [name for name in page.tables["table-scores"][0] if "accuracy" in name.lower()] == [
        "Balanced accuracy",
        "Accuracy",
    ]
    assert page.tables["table-scores"][0].index("Accuracy") == 7 and not any("<strong>" in row[7] for row in rows)
    assert any("<strong>" in row[2] for row in rows)
    assert "bold, but not of accuracy, which rewards guessing the largest class" in page.text


def test_comparisons_are_told_in_words(data, page):
    _, *rows = page.tables["table-comparisons"]
    assert [row[4].lower() for row in rows] == list(data.comparisons["verdict"])
    assert [row[5] for row in rows] == [f"{d:+.3f}".replace("-", "−") for d in data.comparisons["difference"]]
    assert "< 0.001" in {row[7] for row in rows}


def test_the_verdict_stands_with_its_intervals_and_other_augmenters_are_folded_away(make_data):
    data = make_data(n_subjects=6, augmenters=("none", "smote", "escgan"), classifiers=("lda", "mlp"))
    data = replace(data, verdict=verdict_sentences(data.comparisons))
    html = render_report(data)
    shown, _, folded = html.partition('<div class="verdict')[2].partition("</div>")[0].partition("<details>")
    own = data.comparisons.query("metric == 'balanced_accuracy' and augmenter == 'escgan'")
    for row in own.itertuples():
        amount = f"{row.difference:+.3f} [{row.low:+.3f}, {row.high:+.3f}] with {row.classifier}"
        assert amount.replace("-", "−") in shown
    about = [[sentence for sentence in data.verdict[1:] if f", {name} " in sentence] for name in ("escgan", "smote")]
    assert [len(sentences) for sentences in about] == [2, 2]
    assert all(escape(sentence) in shown for sentence in (data.verdict[0], *about[0]))
    assert all(escape(sentence) in folded and escape(sentence) not in shown for sentence in about[1])


def test_the_comparison_says_what_a_verdict_needs_and_what_p_counts(make_data, page):
    assert "“Helped” and “hurt” need both: an interval on one side of the line, and p < 0.05" in page.text
    # Two simple rivals ran, and two augmenters with two classifiers are held against them.
    for words in (
        "Where the augmenter scores lower, p counts 2 times",
        "p is corrected for the 4 comparisons of a metric (Holm)",
        "one can exclude zero where p is not below 0.05",
        "with the best of none and class_weight on the same metric (here class_weight): Wilcoxon signed-rank tests",
        "p was multiplied by 2, the number of rivals",
        "The 4 p values of each metric were corrected for their number (Holm 1979, jstor:4615733)",
        "(95 %; Hesterberg 2015, doi:10.1080/00031305.2015.1089789)",
    ):
        assert words in page.text
    one = Page(render_report(make_data(n_subjects=2, augmenters=("none", "smote"), classifiers=("mlp",))))
    assert "Wilcoxon 1945" in one.text
    assert not any(word in one.text for word in ("p counts", "p is corrected", "Bonferroni", "Holm 1979"))


def test_the_methods_tell_reading_from_preprocessing(make_data):
    data = make_data(n_subjects=2)
    steps = dict(zip(data.steps["step"], data.steps["settings"], strict=True))
    told = methods_text(data).partition("was preprocessed in these steps: ")[2].partition(". Features")[0]
    assert told.startswith(f"notch ({steps['notch']}), bandpass ({steps['bandpass']})")
    only_read = methods_text(replace(data, steps=data.steps.assign(step="read")))
    assert "was used as it was read, without preprocessing" in only_read and "steps" not in only_read
    bare = methods_text(replace(data, steps=data.steps.iloc[:0], without_signal=("sub-01", "sub-02")))
    assert "was taken as the features that its owners distribute" in bare


def test_the_methods_name_bands_by_their_edges_and_windows_by_their_length(make_data):
    edges = ((1.0, 4.0), (4.0, 8.0), (8.0, 13.0), (13.0, 30.0), (30.0, 45.5))
    data = make_data(n_subjects=2, band_edges_hz=edges, window_s=2.0, step_s=2.0)
    told = methods_text(data)
    assert (
        "in 5 frequency bands (delta 1–4 Hz, theta 4–8 Hz, alpha 8–13 Hz, beta 13–30 Hz and gamma 30–45.5 Hz), " in told
    )
    assert "of windows of 2 s, without overlap. " in told
    assert "of windows of 2 s, one every 0.5 s. " in methods_text(replace(data, step_s=0.5))
    bare = methods_text(replace(data, band_edges_hz=(), window_s=None, step_s=None))
    assert "in 5 frequency bands (delta, theta, alpha, beta and gamma). " in bare


def test_the_entropy_is_written_with_the_signs_of_mathematics(page):
    assert "½ ln(2πe σ²) of each window, σ² its variance" in page.text and "2 pi e" not in page.text


def test_a_corpus_without_a_name_of_its_own_is_named_as_sentences_can(make_data):
    parsed = Page(render_report(make_data(n_subjects=2, corpus=BidsConfig.named())))
    assert "of a BIDS data set was preprocessed" in parsed.text and "A BIDS data set" in parsed.text
    assert EegmatConfig.named() == EegmatConfig.title


def test_loss_terms_and_computing_time_are_explained(make_data, page):
    history = make_data(n_subjects=2).history.rename(columns={"adversarial": "judge_real", "target": "judge_edited"})
    said = Page(render_report(make_data(n_subjects=2, history=history))).text
    assert "Reconstruction: how far windows end from themselves" in said
    assert "judge real: the discriminator's errors in taking real windows for real; judge edited: the" in said
    assert "1 h 15 min of computing, summed over units and processes" in page.text


def test_every_fold_is_listed(data, page):
    _, *rows = page.tables["table-folds"]
    assert len(rows) == len(data.scores)
    first = data.scores.iloc[0]
    assert rows[0][6:8] == [f"{first['balanced_accuracy']:.3f}", f"{first['auroc']:.3f}"]


def test_undefined_scores_are_a_dash_and_enter_no_mean(make_data, page):
    head, *rows = page.tables["table-folds"]
    auroc = head.index("AUROC")
    assert {row[auroc] for row in rows if row[1] == "sub-03"} == {"–"}
    scores = make_data(n_subjects=3, augmenters=("none",), classifiers=("mlp",)).scores.assign(auroc=np.nan)
    bare = make_data(
        n_subjects=3, augmenters=("none",), classifiers=("mlp",), scores=scores, spectra={}, history=pd.DataFrame()
    )
    parsed = Page(render_report(bare))
    assert parsed.tables["table-scores"][1][3] == "–"
    assert "AUROC is undefined for every subject" in parsed.text


def test_acceptance_rates_are_accepted_over_tried(data, page):
    _, *rows = page.tables["table-acceptance"]
    table = data.acceptance[data.acceptance["augmenter"] == "escgan"]
    rate = (table["accepted"] / table["tried"]).mean()
    assert rows[1][0] == "escgan"
    assert rows[1][4] == f"{100 * rate:.1f} %"


def test_recordings_treated_alike_share_a_line(page):
    _, *rows = page.tables["table-steps"]
    steps = [(row[0], row[3]) for row in rows]
    assert steps == [
        ("notch", "all 12"), ("bandpass", "all 12"), ("bad_channels", "all 12"),
        ("reference", "sub-01, sub-02, sub-03 and 8 more"), ("reference", "sub-09"), ("ica", "all 12"),
        ("autoreject", "all 12"),
    ]  # fmt: skip
    assert rows[0][2] == "zero-phase FIR notch at 50 Hz on the continuous signal"
    assert rows[5][2].endswith(" found: 1 of 18 removed")
    assert rows[6][2].endswith(" what it found differs: listed below by recording")


def test_warnings_of_steps_stand_first_and_coloured(data, page, html):
    section = preprocessing_section(data)
    assert section.blocks[0].name == "warnings"
    _, *rows = page.tables["table-warnings"]
    assert [(row[0], row[2]) for row in rows] == [("reference", "sub-02 and sub-03"), ("ica", "all 12")]
    assert '<td class="hurt">the signal is already average-referenced</td>' in html


def test_the_worst_channel_is_the_flat_one(page):
    _, *rows = page.tables["table-quality"]
    assert next(row for row in rows if row[0] == "sub-05")[3:6] == ["12.00 %", "0.04 %", "T7"]


def test_what_preprocessing_took_stands_beside_the_quality(page):
    head, *rows = page.tables["table-quality"]
    assert head[6:] == ["Rejected", "Interpolated", "Components removed"]
    taken = {row[0]: row[6:] for row in rows}
    assert taken["sub-01"] == ["0 %", "0", "1 of 18"]
    assert taken["sub-05"] == ["5.0 %", "1 T7", "2 of 18"]
    assert taken["sub-08"] == ["8.8 %", "3 P3, O1, O2", "2 of 18"]
    assert "rejected 6.9 % of a recording's time (median), most in sub-12 (13.8 %)." in page.text
    assert "It interpolated 4 channels in 2 recordings. It removed 24 components in 12 recordings." in page.text


def test_only_what_a_step_could_take_has_a_column(make_data):
    data = make_data(n_subjects=2)
    bare = data.treatment.assign(rejected_share=None, components_removed=None, components_fitted=None)
    heads = [column.name for column in quality_table(make_data(n_subjects=2, treatment=bare)).columns]
    assert heads[6:] == ["Interpolated"]
    assert "Amplitudes leave out what was rejected." in quality_table(data).caption
    assert "Amplitudes" not in quality_table(make_data(n_subjects=2, treatment=bare)).caption
    none = bare.assign(interpolated=None)
    assert len(quality_table(make_data(n_subjects=2, treatment=none)).columns) == 6


def test_steps_that_took_nothing_say_so(make_data):
    kept = make_data(n_subjects=2).treatment.assign(rejected_share=0.0, interpolated=[(), ()], components_removed=0)
    assert taken_words(make_data(n_subjects=2, treatment=kept)) == (
        "Preprocessing rejected 0 % of a recording's time (median). It interpolated no channel. "
        "It removed no component."
    )


def test_findings_are_folded_and_complete(data, page, html):
    _, *rows = page.tables["table-findings"]
    assert len(rows) == len(data.findings)
    assert ["sub-05", "bad_channels", "channel T7", "marked as bad", "correlation, dropout"] in rows
    assert f"<details><summary>What was dropped, repaired and removed, and why ({len(rows)} lines)</summary>" in html


def test_too_many_findings_are_cut_and_the_page_says_so(make_data):
    findings = pd.concat([make_data(n_subjects=2).findings] * 600, ignore_index=True)
    section = preprocessing_section(make_data(n_subjects=2, findings=findings))
    table = next(block for block in section.blocks if getattr(block, "name", "") == "findings")
    assert len(table.rows) == 2000
    assert f"The first 2,000 of {len(findings):,} lines" in table.caption


def test_a_corpus_distributed_as_features_has_nothing_to_preprocess(make_data):
    bare = {name: getattr(make_data(n_subjects=2), name).iloc[:0] for name in ("steps", "treatment", "findings")}
    data = make_data(n_subjects=2, **bare, quality=make_data(n_subjects=1).quality.iloc[:0], spectra={},
                     without_signal=("sub-01", "sub-02"))  # fmt: skip
    texts = [getattr(block, "text", block.name if hasattr(block, "name") else "") for block in
             preprocessing_section(data).blocks]  # fmt: skip
    assert texts == [
        "2 recordings of this corpus are distributed as features: no signal was preprocessed here.",
        "left-out",
    ]


def test_a_shortened_key_can_be_read_in_full(data, html):
    key = data.provenance["key"].iloc[0]
    assert f'title="{key}">{key[:10]}</td>' in html


def test_empty_tables_give_sentences(minimal_page):
    for sentence in (
        "This run reached no verdict.",
        "Nothing was compared",
        "No confusion matrix was counted.",
        "Recordings left out: none.",
        "there are no maps to compare",
        "No window was made in the first fold",
        "there are no losses",
        "No windows were made",
        "No artifact was recorded.",
    ):
        assert sentence in minimal_page.text
    assert len(minimal_page.of("img")) == 4


def test_what_limits_the_verdict_is_a_badge(make_data, minimal_page):
    leaky = make_data(n_subjects=2, augmenters=("none",), classifiers=("mlp",), leaky=True, history=pd.DataFrame())
    html = render_report(leaky)
    assert '<li class="alarm"' in html and "LEAKY" in html
    assert "LEAKY" not in minimal_page.text
    assert "transductive normalisation" in minimal_page.text
    assert "1 h 15 min" in minimal_page.text


def test_hostile_names_are_text(hostile_html):
    parsed = Page(hostile_html)
    assert hostile_html.count("<script>") == 1
    kinds = {values.get("type", ""): values.get("id") for values in parsed.of("script")}
    assert kinds == {"application/json": None, "": None, "text/plain": "plotly", "module": None}
    assert HOSTILE in parsed.text
    assert "<b>calm</b>" in parsed.text
    assert all(not name.startswith("on") for _, values in parsed.elements for name in values)


def test_the_same_data_give_the_same_bytes_in_any_thread(make_data, minimal_data):
    small = make_data(n_subjects=2, augmenters=("none", "escgan"), classifiers=("mlp",), spectra={})
    with ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(render_report, (small, small, minimal_data)))
    assert pages == [render_report(small), pages[0], render_report(minimal_data)]


def test_the_page_is_small_enough_to_mail(html):
    assert len(html.encode()) < 5_000_000


def test_recordings_left_out_keep_their_reason(data):
    table = preprocessing_section(data).blocks[-1]
    assert [cell.text for cell in table.rows[0]] == ["sub-13", "Channel Cz is flat for 81 % of the time."]
