"""The command `evaluate policy`: what it prints and writes, and what it refuses."""

import pytest


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.csv"
    rows = [(number % 3 == 0, 0.5, 0.25 if number % 2 else 0.75, f"U{number % 50}") for number in range(400)]
    lines = [f"{int(click)},{chance},{other},{reader}" for click, chance, other, reader in rows]
    path.write_text("\n".join(["click,propensity,evaluation,user_id", *lines]), "utf-8")
    return path


def test_a_table_is_evaluated_printed_and_written(command, log, tmp_path):
    code, out, err = command(
        "evaluate", "policy", "--log", log, "--column", "reward=click", "--out", tmp_path / "reports"
    )
    assert code == 0
    assert "## Policy log\n\n400 rounds of 50 readers. The log earned 0.3350" in out
    assert "| SNIPS | 0.33" in out
    assert "policy-log.json" in err and (tmp_path / "reports" / "policy-log.png").is_file()


def test_a_log_without_support_is_refused_in_one_sentence_and_nothing_is_written(command, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("\n".join(["reward,propensity,evaluation", *["1,0.01,0"] * 99, "1,0.01,1"]), "utf-8")
    code, out, err = command("evaluate", "policy", "--log", path, "--out", tmp_path / "reports")
    assert code == 2 and not out
    assert "log: the log is worth 1.0 rounds of 100 for this policy, and 50 are needed. Log more" in err
    assert not (tmp_path / "reports").exists()


def test_options_that_do_not_fit_are_named(command, log):
    assert "Say what it is called, such as --column reward=THEIRS" in command("evaluate", "policy", "--log", log)[2]
    assert "--column: found title" in command("evaluate", "policy", "--log", log, "--column", "title=click")[2]
