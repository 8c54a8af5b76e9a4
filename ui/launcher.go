package ui

import (
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
)

// Launcher are the applications that a person may open.
type Launcher struct {
	Tiles []Tile
	// Search is what they look for, and Searchable says that there are so many that
	// looking for one helps.
	Search     string
	Searchable bool
	// More is how many there are besides Tiles.
	More int
}

// Tile is an application that can be opened.
type Tile struct {
	ID, Name, Logo string
	// About says what it is for, or where it is.
	About string
	// URL opens it.
	URL string
}

// Initial stands for a picture of the application.
func (t Tile) Initial() string { return initial(t.Name) }

const (
	// manyTiles are so many that people look for one by its name.
	manyTiles = 12
	// maxTiles bounds a page.
	maxTiles = 120
)

// Launch makes the launcher of the clients that somebody may use, which has those that
// are found by the search. Each is described in the page's language.
func (p Page) Launch(clients []*client.Client, issuer, search string) Launcher {
	l := Launcher{Search: strings.TrimSpace(search)}
	words := strings.Fields(strings.ToLower(l.Search))
	for _, c := range clients {
		address := c.Launch(issuer)
		if address == "" {
			continue
		}
		tile := Tile{ID: c.ID, Name: c.Name, Logo: c.LogoURI, URL: address, About: c.Describe(p.Lang)}
		if tile.Name == "" {
			tile.Name = c.ID
		}
		if tile.About == "" {
			tile.About = hostOf(address)
		}
		l.Tiles = append(l.Tiles, tile)
	}
	l.Searchable = len(l.Tiles) > manyTiles
	l.Tiles = slices.DeleteFunc(l.Tiles, func(t Tile) bool {
		text := strings.ToLower(t.Name + " " + t.About)
		return slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
	})
	slices.SortStableFunc(l.Tiles, func(a, b Tile) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	if len(l.Tiles) > maxTiles {
		l.More, l.Tiles = len(l.Tiles)-maxTiles, l.Tiles[:maxTiles]
	}
	return l
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
