package client

import (
	"bytes"
	"testing"

	"github.com/latchkey-id/latchkey/storage"
	"pgregory.net/rapid"
)

var pairwiseKey = bytes.Repeat([]byte{7}, MinPairwiseKey)

func paired(t *testing.T, key []byte, m Metadata) *Client {
	t.Helper()
	m.SubjectType = SubjectPairwise
	c := &Client{ID: "c", Metadata: m}
	if err := c.Pair(key); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPairwiseSubjectsAreOfASector(t *testing.T) {
	t.Parallel()
	wiki := paired(t, pairwiseKey, Metadata{RedirectURIs: []string{"https://wiki.example.com/cb", "https://wiki.example.com:8443/other"}})
	sibling := paired(t, pairwiseKey, Metadata{RedirectURIs: []string{"https://app.example.org/cb", "com.example.app:/cb"}, SectorIdentifierURI: "https://wiki.example.com/sector.json"})
	shop := paired(t, pairwiseKey, Metadata{RedirectURIs: []string{"https://shop.example.com/cb"}})
	rekeyed := paired(t, bytes.Repeat([]byte{8}, 32), Metadata{RedirectURIs: []string{"https://wiki.example.com/cb"}})
	public := &Client{}
	rapid.Check(t, func(t *rapid.T) {
		user := storage.IDFromBytes([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")))
		sub := Subject(wiki, user)
		if sub != Subject(wiki, user) || sub != Subject(sibling, user) {
			t.Errorf("clients of one sector know a person by different subjects")
		}
		for _, other := range []*Client{shop, rekeyed, public, nil} {
			if Subject(other, user) == sub {
				t.Errorf("another sector knows the person by the same subject")
			}
		}
		if back, ok := UserOf(wiki, sub); !ok || back != user {
			t.Errorf("the subject of %s is read as %s", user, back)
		}
		if other, _ := UserOf(shop, sub); other == user {
			t.Error("another sector reads the subject")
		}
		if got, ok := UserOf(public, string(user)); !ok || got != user || Subject(nil, user) != string(user) {
			t.Error("a public subject is the person's id")
		}
	})
	for _, text := range []string{"", "x", "0190000000000000000000000000000a", Subject(wiki, "0190000000000000000000000000000a") + "A"} {
		if _, ok := UserOf(wiki, text); ok {
			t.Errorf("%q is read as a subject", text)
		}
	}
}

func TestAPairwiseClientWithoutASectorIsRefused(t *testing.T) {
	t.Parallel()
	for _, uris := range [][]string{nil, {"https://a.example/cb", "https://b.example/cb"}, {"com.example.app:/cb"}, {"https://a.example/cb", "com.example.app:/cb"}} {
		c := &Client{Metadata: Metadata{SubjectType: SubjectPairwise, RedirectURIs: uris}}
		if err := c.Pair(pairwiseKey); err == nil {
			t.Errorf("%v has a sector", uris)
		}
	}
	c := &Client{Metadata: Metadata{SubjectType: SubjectPairwise, RedirectURIs: []string{"https://a.example/cb"}}}
	if err := c.Pair(pairwiseKey[:31]); err == nil {
		t.Error("a short key makes a sector")
	}
}
