package access

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// InLanguage is a text that was written in several languages, in one of those that
// somebody reads, the best first. English stands in for languages that nobody wrote.
func InLanguage(texts map[string]string, languages ...string) string {
	for _, wanted := range append(languages, "en") {
		similar := ""
		for _, l := range slices.Sorted(maps.Keys(texts)) {
			switch base, _, _ := strings.Cut(l, "-"); {
			case strings.EqualFold(l, wanted):
				return texts[l]
			case similar == "" && strings.EqualFold(base, strings.SplitN(wanted, "-", 2)[0]):
				similar = texts[l] // of the same language, elsewhere
			}
		}
		if similar != "" {
			return similar
		}
	}
	return ""
}

// Host is where the resource server is, as people read it; an identifier that names no
// host is shown as it is.
func (r *Resource) Host() string {
	u, err := url.Parse(r.Identifier)
	if err != nil {
		return r.Identifier
	}
	return cmp.Or(u.Host, r.Identifier)
}

// Called is what people know the resource server by: its name, or where it is.
func (r *Resource) Called() string { return cmp.Or(r.Name, r.Host()) }
