package account

import "testing"

// TestTH1_NoNameIsReadAsAnAddress: a full-width @ is folded like other letters.
func TestTH1_NoNameIsReadAsAnAddress(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ada＠example.com", "ada@example.com", "ａｄａ＠ｅｘａｍｐｌｅ.com"} {
		if _, err := spellUsername(name); err == nil {
			t.Errorf("%q can be a username, and is found as an address", name)
		}
	}
	if _, err := spellUsername("ａｄａ"); err != nil {
		t.Error("full-width letters are letters")
	}
}
