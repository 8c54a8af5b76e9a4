package ident

import (
	"errors"
	"strings"
	"testing"
)

func reasonOf(err error) Reason {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.Reason
	}
	return ""
}

// TestTH1_NoTwoUsernamesLookTheSame: homoglyphs, invisible characters and
// reordering are refused, each by its reason.
func TestTH1_NoTwoUsernamesLookTheSame(t *testing.T) {
	for name, want := range map[string]Reason{
		"ada": "", "Ada_Lovelace-1815": "", "ａｄａ": "", "Иван": "", "Жанна": "", "νίκος": "", "田中taro": "", "user123": "", "42": "", "名前": "",
		"alice\ufe0f": Invisible, "ali\u200bce": Invisible, "ali\u200dce": Invisible, "a\u00adb": Invisible, "a\u034fb": Invisible,
		"a\u2066b": Invisible, "\u202eecila": Invisible, "a\x00b": Invisible, "a\u061cb": Invisible, "a\u3164b": Invisible, "a\U000e0041b": Invisible,
		"a b": Invisible, "a\u00a0b": Invisible, "a\tb": Invisible, "a\ufffdb": Invisible,
		"аdmin": MixedScripts, "αdmin": MixedScripts, "admіn": MixedScripts, "ꓮdmin": MixedScripts, "Аdmin": MixedScripts,
		"сосо": LookAlike, "орех": LookAlike, "ρυ": LookAlike,
		"": Malformed, "a@b": Malformed, "a＠b": Malformed, "☃": Malformed, "ﬁx": Malformed, "x²": Malformed,
		strings.Repeat("a", 65): TooLong, strings.Repeat("ö", 64): "",
	} {
		kept, err := Username(name)
		if got := reasonOf(err); got != want || (err == nil) != (want == "") {
			t.Errorf("Username(%+q) = %q, %v; want reason %q", name, kept, err, want)
		}
	}
	if kept, _ := Username("JOSE\u0301"); kept != "JOSÉ" {
		t.Errorf("a name in form D is kept as %+q", kept)
	}
}

func TestRE4_AddressesAreAddresses(t *testing.T) {
	for typed, want := range map[string]string{
		"ada@example.com": "ada@example.com", "Ada@Example.com": "Ada@Example.com", "ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ": "ada@example.com",
		"jose\u0301@example.com": "josé@example.com", "x@bücher.example": "x@bücher.example", "a+b@example.com": "a+b@example.com",
		"root@localhost": "root@localhost", "a@[192.0.2.1]": "a@[192.0.2.1]", "иван@example.com": "иван@example.com",
	} {
		if got, err := Email(typed); got != want || err != nil {
			t.Errorf("Email(%+q) = %+q, %v; want %+q", typed, got, err, want)
		}
	}
	for typed, want := range map[string]Reason{
		"": Malformed, "ada": Malformed, "ada@": Malformed, "@example.com": Malformed, "Ada <ada@example.com>": Malformed, "a b@example.com": Malformed,
		`"a b"@example.com`: Malformed, "ada@exa_mple.com": Malformed, "ada@-x.example": Malformed, "a\x00@example.com": Malformed,
		"ada@example.com\n": Malformed, "a\u202eb@example.com": Invisible, "a\u200b@example.com": Invisible, "a\ufeff@example.com": Invisible,
		"аda@example.com": MixedScripts, strings.Repeat("a", 250) + "@example.com": TooLong,
	} {
		if got, err := Email(typed); reasonOf(err) != want {
			t.Errorf("Email(%+q) = %+q, %v; want reason %q", typed, got, err, want)
		}
	}
}

func TestMask(t *testing.T) {
	for whole, want := range map[string]string{
		"ada@example.com": "a•••@example.com", "émile@example.com": "é•••@example.com", "a@b@example.com": "a•••@example.com",
		"ada@[192.0.2.1]": "a•••@•••", "@example.com": "•••", "+4915112345642": "•••42", "7": "•••7", "": "•••",
	} {
		if got := Mask(whole); got != want {
			t.Errorf("Mask(%q) = %q, want %q", whole, got, want)
		}
	}
}

func TestTextIsText(t *testing.T) {
	for text, ok := range map[string]bool{
		"Ada Lovelace": true, "José": true, "👩\u200d👩\u200d👧 ❤️": true, "می\u200cخواهم": true, "": true,
		"a\x00b": false, "a\nb": false, "a\x7fb": false, "a\u202eb": false, "a\u2066b": false, "a\u200eb": false, "a\u2028b": false,
		"a\xe9b": false, "a\ufffdb": false, "a\ufffeb": false, "a\u00adb": false,
	} {
		if err := Text(text); (err == nil) != ok {
			t.Errorf("Text(%+q) = %v", text, err)
		}
		cleaned := Clean(text)
		if err := Text(cleaned); err != nil {
			t.Errorf("Clean(%+q) = %+q, which is not text: %v", text, cleaned, err)
		}
		if ok && cleaned != text {
			t.Errorf("Clean(%+q) = %+q", text, cleaned)
		}
	}
	if got := Clean(" a \t b\nc\u202e "); got != "a b c" {
		t.Errorf("Clean = %q", got)
	}
	if got := Cut("ab cd", 3); got != "ab" {
		t.Errorf("Cut = %q", got)
	}
}

// TestTP3_CodesInAnySpelling: as apps show them and keyboards type them.
func TestTP3_CodesInAnySpelling(t *testing.T) {
	for typed, want := range map[string]string{
		"123456": "123456", "123 456": "123456", "123-456": "123456", "123\u00a0456": "123456", "123\u202f456\r\n": "123456",
		"１２３４５６": "123456", "١٢٣٤٥٦": "123456", "۱۲۳۴۵۶": "123456", "१२३४५६": "123456", "𝟙𝟚𝟛𝟜𝟝𝟞": "123456",
		"abcde-fghjk": "ABCDEFGHJK", "ａｂｃ‐ｄ": "ABCD", "\u200b123456\ufeff": "123456", "": "", "12a": "12A", "1\xff": "1\ufffd",
	} {
		if got := Code(typed); got != want {
			t.Errorf("Code(%+q) = %+q, want %+q", typed, got, want)
		}
	}
}

func TestSyntax(t *testing.T) {
	for _, c := range []struct {
		name  string
		check func(string) error
		good  []string
		bad   []string
	}{
		{"Role", Role, []string{"admin", "a:b/c", strings.Repeat("r", 64)}, []string{"", "a b", "a,b", "é", strings.Repeat("r", 65), "a\n"}},
		{"Scope", Scope, []string{"openid", "https://api.example/read", "a,b"}, []string{"", "a b", `a"b`, `a\b`, "é"}},
		{"KeyID", KeyID, []string{"k1", "2027-01_a"}, []string{"", "a.b", "é", strings.Repeat("k", 33)}},
		{"Phone", Phone, []string{"+493012345678"}, []string{"", "030", "+0123456789", "0049301234567", "+49 30 1234567"}},
	} {
		for _, text := range c.good {
			if err := c.check(text); err != nil {
				t.Errorf("%s(%q) = %v", c.name, text, err)
			}
		}
		for _, text := range c.bad {
			if err := c.check(text); err == nil || !strings.Contains(err.Error(), "not a valid") {
				t.Errorf("%s(%q) = %v", c.name, text, err)
			}
		}
	}
}

// TestAC1_GroupNamesCannotBeTwo: a comma would make two groups of one where an
// application takes all in one text.
func TestAC1_GroupNamesCannotBeTwo(t *testing.T) {
	for typed, want := range map[string]string{
		"hr": "hr", " Night  shift ": "Night shift", "team:infra": "team:infra", "Büro": "Büro", strings.Repeat("ö", 128): strings.Repeat("ö", 128),
	} {
		if got, err := Group(typed); got != want || err != nil {
			t.Errorf("Group(%+q) = %+q, %v; want %+q", typed, got, err, want)
		}
	}
	for _, typed := range []string{"", " ", "a,admins", "a\nadmins", "a\x00", "\u200b", "\u202ea", "\xff", strings.Repeat("a", 129)} {
		if got, err := Group(typed); reasonOf(err) != Malformed {
			t.Errorf("Group(%+q) = %+q, %v", typed, got, err)
		}
	}
}
