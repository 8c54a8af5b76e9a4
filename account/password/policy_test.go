package password

import (
	"slices"
	"strings"
	"testing"
)

var testPolicy = Policy{MinLength: 15, MinLengthWithFactor: 8, Words: ProviderWords("https://id.example.com", "Bright Harbour", "Quayside")}

var ada = Context{Words: []string{"ada.lovelace@mail.example", "countess", "Ada Lovelace"}}

func TestPW2_PW3_WhatIsTaken(t *testing.T) {
	guarded := ada
	guarded.WithFactor = true
	for name, c := range map[string]struct {
		password string
		about    Context
		want     []Problem
	}{
		"words":                    {"correct horse battery staple", ada, nil},
		"only small letters":       {"whistlingkettlebluemoon", ada, nil},
		"fifteen":                  {"kettle-moon-fry", ada, nil},
		"fourteen":                 {"kettle-moon-fr", ada, []Problem{TooShort}},
		"eight beside a factor":    {"ketmoofr", guarded, nil},
		"seven beside a factor":    {"ketmoof", guarded, []Problem{TooShort}},
		"characters, not bytes":    {strings.Repeat("😀", 14), ada, []Problem{TooShort}},
		"64 emoji":                 {strings.Repeat("😀", 64), ada, nil},
		"another script":           {"だれもしらないながいあいことば", ada, nil},
		"spaces count":             {" kettle  moon  ", ada, nil},
		"1024 bytes":               {strings.Repeat("kettle moon fry ", 64), ada, nil},
		"1025 bytes":               {strings.Repeat("kettle moon fry ", 64) + "x", ada, []Problem{TooLong}},
		"one of two code points":   {strings.Repeat("e\u0301", 14), ada, []Problem{TooShort}},
		"a line end":               {"kettle moon fry\n", ada, []Problem{Control}},
		"NUL":                      {"kettle\x00moon-fry", ada, []Problem{Control}},
		"nothing":                  {"", ada, []Problem{TooShort}},
		"common":                   {"sunshine", guarded, []Problem{Common}},
		"common and short":         {"dragon", guarded, []Problem{TooShort, Common}},
		"common in capitals":       {"SunShine", guarded, []Problem{Common}},
		"common in disguise":       {"5un$h1ne", guarded, []Problem{Common}},
		"common with digits":       {"Password1234567!", ada, []Problem{Common}},
		"common with digits first": {"2024-12-31-Password", ada, []Problem{Common}},
		"common twice":             {"sunshinesunshine", ada, []Problem{Common}},
		"common twice and more":    {"sunshinesunshine99", ada, []Problem{Common}},
		"common among others":      {"sunshine kettle fry", ada, nil},
		"one character":            {strings.Repeat("a", 33), ada, []Problem{Simple}},
		"a short piece":            {"xk3!xk3!xk3!xk3!", ada, []Problem{Simple}},
		"digits in order":          {"123456789012345678901", ada, []Problem{Simple}},
		"the alphabet":             {"abcdefghijklmnopq", ada, []Problem{Simple}},
		"backwards":                {"ponmlkjihgfedcba", ada, []Problem{Simple}},
		"a row of keys":            {"qwertyuiopasdfghj", ada, []Problem{Simple}},
		"own address":              {"ada.lovelace@mail.example", ada, []Problem{Personal}},
		"own name":                 {"Lovelace-Lovelace-1815", ada, []Problem{Personal}},
		"own username":             {"TheCountess!!!!!", ada, []Problem{Personal}},
		"a name among more":        {"lovelace wrote about engines", ada, nil},
		"the brand":                {"BrightHarbour2024", ada, []Problem{Personal}},
		"the host":                 {"https://id.example.com", ada, []Problem{Personal}},
		"an administrator's word":  {"quayside-quayside", ada, []Problem{Personal}},
		"another's name":           {"ada.lovelace@mail.example", Context{}, nil},
	} {
		if got := testPolicy.Check(c.password, c.about); !slices.Equal(got, c.want) {
			t.Errorf("%s: Check(%q) = %v, want %v", name, c.password, got, c.want)
		}
	}
}

// The list itself is long enough, in order, and refused as a whole.
func TestPW3_EveryCommonPasswordIsRefused(t *testing.T) {
	passwords := strings.Split(commonPasswords(), "\n")
	if len(passwords) < 100_000 || !slices.IsSorted(passwords) {
		t.Fatalf("%d common passwords, sorted: %v", len(passwords), slices.IsSorted(passwords))
	}
	long := 0
	for _, p := range passwords {
		if len(p) >= testPolicy.MinLengthWithFactor {
			long++
		}
		if problems := testPolicy.Check(p, Context{WithFactor: true}); !slices.Contains(problems, Common) {
			t.Errorf("Check(%q) = %v", p, problems)
		}
	}
	if long < 40_000 {
		t.Errorf("only %d common passwords are long enough to be chosen", long)
	}
	for _, p := range []string{"password", "12345678", "qwertyuiop", "iloveyou", "letmein1", "1qaz2wsx3edc4rfv", "ne_e_pod_chehyl", passwords[0], passwords[len(passwords)-1]} {
		if !listed(p) {
			t.Errorf("%q is not on the list", p)
		}
		if listed(p+"\x01") || listed("\x01"+p) {
			t.Errorf("a neighbor of %q is on the list", p)
		}
	}
}

func TestStrengthAdvises(t *testing.T) {
	for password, want := range map[string]int{
		"": 0, "password": 0, "aaaaaaaaaaaaaaaa": 0, "lovelace": 0, "correct horse battery staple": 4, strings.Repeat("x", 5000): 0,
		"lovelace-1815": 0, "abcdefgh12": 0, "lunchy": 1, "umbrella12": 0, "password monkey": 3, "Tr0ub4dor&3": 3, "qx7!Rm2#vK9p": 4,
	} {
		if got := testPolicy.Strength(password, ada); got != want {
			t.Errorf("Strength(%.30q) = %d, want %d", password, got, want)
		}
	}
}

// What a person types never stops the server.
func FuzzPolicy(f *testing.F) {
	for _, p := range []string{"", "correct horse", "😀😀", "\xff\xfe", "aaaa", "Passw0rd!"} {
		f.Add(p, "ada@example.com")
	}
	f.Fuzz(func(t *testing.T, password, word string) {
		about := Context{Words: []string{word}}
		if len(password) > MaxBytes != slices.Contains(testPolicy.Check(password, about), TooLong) {
			t.Errorf("length of %d bytes was misjudged", len(password))
		}
		if score := testPolicy.Strength(password, about); score < 0 || score > 4 {
			t.Errorf("strength %d", score)
		}
	})
}
