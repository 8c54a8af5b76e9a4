package userimport

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestTextIsText: what is not UTF-8 is refused with its line in every format,
// never stored with replacement characters.
func TestTextIsText(t *testing.T) {
	const latin1, utf16 = "Jos\xe9", "\xff\xfee\x00m\x00"
	for name, c := range map[string]struct{ format, text, want string }{
		"CSV in Latin-1":    {FormatCSV, "email,name\nada@example.com,Ada\njose@example.com," + latin1 + "\n", "line 3 is not UTF-8"},
		"CSV in UTF-16":     {FormatCSV, utf16, "line 1 is not UTF-8"},
		"JSONL in Latin-1":  {FormatJSONL, "{\"email\":\"ada@example.com\"}\n{\"email\":\"jose@example.com\",\"name\":\"" + latin1 + "\"}\n", "line 2 is not UTF-8"},
		"Django in Latin-1": {FormatDjango, "[\n{\"model\":\"auth.user\",\"fields\":{\"username\":\"" + latin1 + "\"}}]", "line 2 is not UTF-8"},
		"cut at the end":    {FormatCSV, "email\nada@example.com\xc3", "line 2 is not UTF-8"},
	} {
		for _, file := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text)), iotest.DataErrReader(strings.NewReader(c.text))} {
			if _, err := From(c.format, file); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
		}
	}
	if read, err := From(FormatCSV, iotest.OneByteReader(strings.NewReader("email,name\nada@example.com,Jose\u0301 \u00c9\n"))); err != nil || len(read.Problems) > 0 || read.People[0].User.Profile.Name != "José É" {
		t.Errorf("a file in UTF-8 = %+v, %v", read, err)
	}
}

func TestNamesHoldNoControlCharacters(t *testing.T) {
	for _, c := range []struct{ field, text string }{
		{"name", `a\u0000b`}, {"given_name", `a\u202eb`}, {"family_name", `a\u2066b`}, {"name", `a\ufffdb`}, {"name", `a\nb`}, {"zoneinfo", `Europe/\u0007`},
	} {
		read, err := From(FormatJSONL, strings.NewReader(fmt.Sprintf(`{"email":"ada@example.com",%q:"%s"}`, c.field, c.text)))
		if err != nil || len(read.Problems) != 1 || !strings.HasPrefix(read.Problems[0].String(), "line 1: "+c.field+": ") {
			t.Errorf("%s %s: %+v, %v", c.field, c.text, read, err)
		}
	}
}

// TestTH1_ImportFindsOneNameInTwoSpellings: in two normal forms, as an A-label and in Unicode.
func TestTH1_ImportFindsOneNameInTwoSpellings(t *testing.T) {
	for _, two := range [][2]string{{"jos\u00e9@example.com", "jose\u0301@example.com"}, {"x@bücher.example", "x@xn--bcher-kva.example"}} {
		read, err := From(FormatCSV, strings.NewReader("email\n"+two[0]+"\n"+two[1]+"\n"))
		if err != nil || len(read.Problems) != 1 || !strings.Contains(read.Problems[0].Message, "is the name of line 2 too") {
			t.Errorf("%q: %+v, %v", two, read, err)
		}
	}
}
