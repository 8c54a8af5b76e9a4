package attribute

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func of(n float64) *float64 { return &n }

// TestRE4_ValuesAreWhatTheSchemaSays: by every type, as typed and as JSON.
func TestRE4_ValuesAreWhatTheSchemaSays(t *testing.T) {
	room12, err := Pattern(`[A-Z]|[A-Z][0-9]+`)
	if err != nil {
		t.Fatal(err)
	}
	room := Definition{Name: "room", Type: String, Pattern: room12, Max: of(4)}
	floor := Definition{Name: "floor", Type: Number, Min: of(-2), Max: of(10)}
	staff := Definition{Name: "staff", Type: Boolean}
	since := Definition{Name: "since", Type: Date}
	sites := Definition{Name: "sites", Type: List, Options: []string{"oslo", "bonn", "rome"}, Max: of(2)}
	note := Definition{Name: "note", Type: String, Min: of(3)}
	keys := Definition{Name: "keys", Type: List}
	for _, c := range []struct {
		d     Definition
		typed string
		want  any
	}{
		{room, "B12", "B12"}, {room, " B12 ", "B12"}, {room, "", nil}, {floor, "-1.5", -1.5}, {floor, "10", 10.0},
		{staff, "true", true}, {staff, "false", false}, {staff, "", nil}, {since, "2024-02-29", "2024-02-29"},
		{sites, "oslo, bonn", []any{"oslo", "bonn"}}, {sites, "oslo,oslo,", []any{"oslo"}}, {sites, ",", nil}, {note, "ö é", "ö é"}, {keys, "a, b c", []any{"a", "b c"}},
	} {
		got, err := c.d.Parse(c.typed)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s of %q = %#v, %v; want %#v", c.d.Name, c.typed, got, err, c.want)
		}
	}
	for _, c := range []struct {
		d     Definition
		typed string
	}{
		{room, "b12"}, {room, "B12x"}, {room, "xB12"}, {room, "B1234"}, {room, "B\x001"}, {floor, "11"}, {floor, "-3"}, {floor, "high"}, {floor, "NaN"}, {floor, "Inf"}, {floor, "1e400"},
		{staff, "yes"}, {since, "2023-02-29"}, {since, "yesterday"}, {sites, "paris"}, {sites, "oslo,bonn,rome"}, {note, "ab"},
		{note, strings.Repeat("x", MaxText+1)}, {keys, strings.Repeat("x,", MaxItems) + "a" + strings.Repeat(",b", 2) + "\u202e"},
	} {
		got, err := c.d.Parse(c.typed)
		var wrong *Error
		if !errors.As(err, &wrong) || wrong.Name != c.d.Name {
			t.Errorf("%s of %q = %#v, %v", c.d.Name, c.typed, got, err)
		}
	}
	for _, c := range []struct {
		d     Definition
		value any
	}{
		{room, 5.0}, {room, true}, {room, []any{"B"}}, {floor, "5"}, {staff, "true"}, {since, 5.0}, {sites, "oslo"}, {sites, []any{5.0}},
		{keys, []any{"a,b"}}, {keys, []any{[]any{"a"}}}, {floor, math.NaN()}, {floor, math.Inf(1)}, {room, map[string]any{}}, {keys, make([]any, MaxItems+1)},
	} {
		if got, err := c.d.Check(c.value); err == nil {
			t.Errorf("%s of %#v = %#v", c.d.Name, c.value, got)
		}
	}
}

// TestWhatIsKeptIsTakenAgain: a form shows what is kept, and sends it back.
func TestWhatIsKeptIsTakenAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Definition{Name: "x", Type: rapid.SampledFrom([]Type{String, Number, Boolean, Date, List}).Draw(t, "type")}
		value, err := d.Parse(rapid.String().Draw(t, "typed"))
		if err != nil || value == nil {
			return
		}
		again, err := d.Parse(Text(value))
		if err != nil || !reflect.DeepEqual(again, value) {
			t.Fatalf("%#v is shown as %q and taken as %#v, %v", value, Text(value), again, err)
		}
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var stored any
		if err := json.Unmarshal(raw, &stored); err != nil {
			t.Fatal(err)
		}
		if kept, err := d.Check(stored); err != nil || !reflect.DeepEqual(kept, value) {
			t.Fatalf("%#v is stored as %s and read as %#v, %v", value, raw, kept, err)
		}
	})
}

func TestAudiences(t *testing.T) {
	all := []Audience{Nobody, Administrator, Person}
	for i, to := range all {
		for j, who := range all {
			if got, want := to.Includes(who), i >= j; got != want {
				t.Errorf("what is for %s is for %s: %v, want %v", to, who, got, want)
			}
		}
	}
	s := Schema{{Name: "a", VisibleTo: Person, SignUp: true}, {Name: "b", VisibleTo: Administrator}, {Name: "c", VisibleTo: Nobody}}
	for who, want := range map[Audience][]string{Person: {"a"}, Administrator: {"a", "b"}, Nobody: {"a", "b", "c"}} {
		var names []string
		for _, d := range s.Seen(who) {
			names = append(names, d.Name)
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s sees %v, want %v", who, names, want)
		}
	}
	if asked := s.Asked(); len(asked) != 1 || asked[0].Name != "a" || s.Find("b") == nil || s.Find("x") != nil || len(s) != 3 {
		t.Errorf("asked for %v", asked)
	}
}

func TestTextsFollowTheLanguage(t *testing.T) {
	texts := map[string]string{"de": "Abteilung", "en": "Department", "pt-BR": "Setor"}
	for language, want := range map[string]string{"de": "Abteilung", "de-AT": "Abteilung", "pt-BR": "Setor", "fr": "Department", "": "Department"} {
		if got := TextIn(texts, language); got != want {
			t.Errorf("in %q it is %q, want %q", language, got, want)
		}
	}
	if got := TextIn(map[string]string{"ja": "部署", "ko": "부서"}, "de"); got != "部署" {
		t.Errorf("without English it is %q", got)
	}
	if got := TextIn(nil, "de"); got != "" {
		t.Errorf("without texts it is %q", got)
	}
}
