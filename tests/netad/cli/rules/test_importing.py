def test_other_tools_rules_are_imported(run, tmp_path):
    """What can be said is a file that loads; what cannot is told line by line."""
    (tmp_path / "t.config").write_text(
        "suppress gen_id 0, sig_id 0, track by_src, ip 10.0.0.1\nsuppress gen_id 1, sig_id 7\n"
    )
    (tmp_path / "whitelist.conf").write_text("ip,10.0.0.2,src,both\n")
    common = ("--created-by", "soc", "--permanent")
    code, _, err = run("rules", "import", "suricata", "t.config", *common, "-o", "out/s.yml")
    assert code == 3
    assert "left out: t.config:2: netad has no signatures" in err
    assert "2 lines: 1 rules, 1 lines left out" in err
    assert run("rules", "import", "suricata", "t.config", *common, "--signature", "7=scan")[0] == 0
    assert run("rules", "import", "suricata", "t.config", *common, "--signature", "scan")[0] == 2
    code, out, _ = run("rules", "import", "slips", "whitelist.conf", *common)
    (tmp_path / "out" / "w.yml").write_text(out)
    assert code == 0
    assert run("rules", "lint", "out")[0] == 0
    assert run("rules", "import", "slips", "whitelist.conf", *common, "--signature", "7=scan")[0] == 2
