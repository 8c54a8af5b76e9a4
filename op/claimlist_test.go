package op

import (
	"encoding/json"
	"math"
	"testing"
)

// What is spelled without encoding/json is spelled as it would be.
func TestClaimsAreSpelledAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"text": "Ada Lovelace", "empty": "", "quotes": `a "quoted" \ one`, "markup": "<b>&amp;</b>", "umlaut": "Grüße, 世界", "control": "a\x00\n\t\x7f\u2028",
		"malformed": "a\xff", "true": true, "false": false, "number": int64(-42), "largest": int64(math.MaxInt64), "float": 1.5, "groups": []string{"a", `b"`},
		"none": []string{}, "nil": []string(nil), "list": []any{"a", true, nil}, "object": map[string]any{"b": 1.0, "a": "x"}, "nothing": nil,
	} {
		want, err := json.Marshal(map[string]any{name: value})
		if err != nil {
			t.Fatal(err)
		}
		got, err := claimList{{name, value}}.object()
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: %s, %v; want %s", name, got, err, want)
		}
	}
	got, err := claimList{{"b", true}, {"a", "x"}}.object()
	if err != nil || string(got) != `{"a":"x","b":true}` {
		t.Errorf("two claims: %s, %v", got, err)
	}
	if _, err := (claimList{{"a", math.NaN()}}).object(); err == nil {
		t.Error("what JSON has not is encoded")
	}
}
