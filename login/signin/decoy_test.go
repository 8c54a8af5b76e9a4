package signin

import (
	"testing"

	"github.com/latchkey-id/latchkey/storage"
)

// TestEN2_DecoysAreAsManyAsTheRest shows which verifier a name of nobody takes the
// time of.
func TestEN2_DecoysAreAsManyAsTheRest(t *testing.T) {
	some := storage.ForeignHashes{People: 4, Foreign: 1, Sample: []string{"a", "b"}}
	for _, tt := range []struct {
		others       storage.ForeignHashes
		share, which uint64
		want         string
	}{
		{storage.ForeignHashes{}, 0, 0, ""},
		{storage.ForeignHashes{People: 10}, 0, 0, ""},
		{some, 0, 0, "a"},
		{some, 0, 3, "b"},
		{some, 1<<62 - 1<<20, 0, "a"},
		{some, 1 << 62, 0, ""},
		{some, 1<<64 - 1, 0, ""},
		{storage.ForeignHashes{People: 3, Foreign: 3, Sample: []string{"a"}}, 1<<64 - 1<<20, 7, "a"},
	} {
		if got := decoy(tt.others, tt.share, tt.which); got != tt.want {
			t.Errorf("%+v, %d, %d: %q, want %q", tt.others, tt.share, tt.which, got, tt.want)
		}
	}
}
