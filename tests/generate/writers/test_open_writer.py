from broadsheet.config.generate import EndpointConfig, GenerateConfig
from broadsheet.generate import EndpointWriter, LocalWriter, open_writer

URL = "https://a.example/v1"


def test_without_a_name_there_is_no_writer(tmp_path):
    assert open_writer(GenerateConfig(writer=""), tmp_path / "none") is None


def test_an_address_opens_an_endpoint_with_one_draft_and_its_own_budget(tmp_path):
    settings = GenerateConfig(writer=URL, drafts=4, endpoint=EndpointConfig("small", tokens=70))
    writer = open_writer(settings, tmp_path / "none")
    assert isinstance(writer, EndpointWriter) and not writer.runs_here
    assert (writer.method, writer.drafts, writer.budget, writer.spent_tokens) == ("endpoint", 1, 70, 0)
    assert writer.log_likelihoods is None


def test_a_model_of_this_machine_makes_as_many_drafts_as_the_settings_say(gpt, tmp_path):
    settings = GenerateConfig(writer=str(gpt), drafts=4, tokens=900, endpoint=EndpointConfig(tokens=70))
    writer = open_writer(settings, tmp_path / "none")
    assert isinstance(writer, LocalWriter) and writer.runs_here
    assert (writer.method, writer.drafts, writer.budget, writer.spent_tokens) == ("gpt", 4, 900, 0)


def test_no_page_waits_for_a_model_of_this_machine_which_has_nothing_to_warn_of(gpt, tmp_path, caplog):
    writer = open_writer(GenerateConfig(writer=str(gpt)), tmp_path / "none")
    assert writer.within(5.0) is None
    writer.warn()
    assert not caplog.records
