package ident

import (
	"testing"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"pgregory.net/rapid"
)

// TestTH1_SpellingsOfOneNameAreOne: what a limit counts and a sign-in finds.
func TestTH1_SpellingsOfOneNameAreOne(t *testing.T) {
	for want, spellings := range map[string][]string{
		"ada@example.com": {
			"ada@example.com", " Ada@EXAMPLE.com ", "ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ada\u200b@exam\u00adple.com", "\ufeffada@example.com",
			"ada@example.com.", "ada\u2060@example.com", "a\ufe0fda@example.com", "ada\u202e@example.com",
		},
		"x@xn--bcher-kva.example": {"x@bücher.example", "x@BÜCHER.example", "x@bu\u0308cher.example", "X@xn--bcher-kva.example", "x@XN--BCHER-KVA.Example"},
		"josé":                    {"josé", "jose\u0301", "JOSÉ", "JOSE\u0301"},
		"istanbul":                {"İstanbul", "istanbul", "i\u0307stanbul"},
		"":                        {"", " ", "\u200b", "\u00a0\u3000"},
	} {
		for _, spelling := range spellings {
			if got := Canonical(spelling); got != want {
				t.Errorf("Canonical(%+q) = %+q, want %+q", spelling, got, want)
			}
		}
	}
	if Canonical("a@example.com") == Canonical("b@example.com") || Canonical("a.b@example.com") == Canonical("ab@example.com") {
		t.Error("two people are one")
	}
}

func TestTH1_CanonicalIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		once := Canonical(text)
		if twice := Canonical(once); twice != once {
			t.Fatalf("Canonical(%+q) = %+q, and of that %+q", text, once, twice)
		}
		if !utf8.ValidString(once) {
			t.Fatalf("Canonical(%+q) is not UTF-8", text)
		}
	})
}

// TestTH1_CanonicalFollowsPRECIS: for usernames it is UsernameCaseMapped of RFC 8265.
func TestTH1_CanonicalFollowsPRECIS(t *testing.T) {
	for _, typed := range []string{"ada", "Ada.Lovelace", "ａｄａ", "JOSE\u0301", "Иван", "محمد", "田中太郎", "김철수", "Ångström", "straße", "ΝΊΚΟΣ"} {
		kept, err := Username(typed)
		if err != nil {
			t.Errorf("Username(%q): %v", typed, err)
			continue
		}
		want, err := precis.UsernameCaseMapped.String(typed)
		if err != nil {
			t.Fatal(err)
		}
		if got := Canonical(kept); got != want || Canonical(typed) != want {
			t.Errorf("Canonical(%+q) = %+q, of what was typed %+q; want %+q", kept, got, Canonical(typed), want)
		}
	}
}

// TestTH1_OneMailboxHasOneLimit: tags multiply mail, not what is allowed of it.
func TestTH1_OneMailboxHasOneLimit(t *testing.T) {
	for typed, want := range map[string]string{
		"Ada+1@example.com": "ada@example.com", "ada+a+b@example.com": "ada@example.com", "+ada@example.com": "+ada@example.com",
		"x+y@bücher.example": "x@xn--bcher-kva.example", "ada+1": "ada+1", "ada": "ada",
	} {
		if got := LimitKey(typed); got != want {
			t.Errorf("LimitKey(%q) = %q, want %q", typed, got, want)
		}
	}
	if Canonical("ada+1@example.com") == Canonical("ada@example.com") {
		t.Error("a tag makes another address, which may be another person's")
	}
}

func TestHost(t *testing.T) {
	for name, want := range map[string]string{
		"Example.COM": "example.com", "bücher.example": "xn--bcher-kva.example", "例え.jp": "xn--r8jz45g.jp", "localhost": "localhost",
	} {
		if got, err := Host(name); got != want || err != nil {
			t.Errorf("Host(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"", "a b", "a_b.example", "-a.example", "a..example", "a\u202e.example"} {
		if got, err := Host(name); err == nil {
			t.Errorf("Host(%+q) = %q", name, got)
		}
	}
}
