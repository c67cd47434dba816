from netad.core.errors import ExitCode, InputError, Location, OutputError, RuleError, SpoolError, StateError


def test_a_location_reads_as_tools_expect():
    """FILE:LINE:COLUMN for text, FILE, record N for captures."""
    assert str(Location("a.yml", 3, 7)) == "a.yml:3:7"
    assert str(Location("a.pcap", record=9)) == "a.pcap, record 9"


def test_an_error_says_where():
    """The location stands before the sentence."""
    assert str(InputError("the record is cut", Location("a.pcap", record=9))) == "a.pcap, record 9: the record is cut"


def test_errors_carry_the_documented_exit_codes():
    """Each kind of error ends the program with its code."""
    errors = [InputError(""), OutputError(""), SpoolError(""), RuleError([]), StateError("")]
    codes = [error.exit_code for error in errors]
    assert codes == [ExitCode.INPUT, ExitCode.OUTPUT, ExitCode.SPOOL, ExitCode.USAGE, ExitCode.USAGE]
    assert [int(code) for code in codes] == [3, 4, 5, 2, 2]


def test_a_rule_error_lists_all_problems():
    """Every problem has its own line."""
    assert str(RuleError(["a.yml:1:1: x", "b.yml:2:2: y"])) == "a.yml:1:1: x\nb.yml:2:2: y"
