package ui

import (
	"fmt"
	"html/template"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// Brand is whoever runs the service, as people see it.
type Brand struct {
	// Name is shown on every page.
	Name string
	// LogoURI is the address of a picture; empty is Latchkey's own mark.
	LogoURI string
	// AccentColor is #rrggbb; empty is Latchkey's own. Its shades for light and
	// dark grounds are derived so that text on them can be read.
	AccentColor string
	// Links at the foot of each page; an empty one is left out.
	SupportURI, TermsURI, PrivacyURI string
}

// BrandView is what a page shows of the [Brand].
type BrandView struct {
	Name, LogoURI                    string
	SupportURI, TermsURI, PrivacyURI string
	// OwnMark says that the picture is Latchkey's own mark, which stands in the page.
	OwnMark bool
	colors  template.CSS
}

// defaultAccent is the colour of Latchkey's mark.
const defaultAccent = "#3b5bdb"

// brand makes ready what pages show of b.
func (a *assets) brand(b Brand) (BrandView, error) {
	v := BrandView{Name: b.Name, SupportURI: b.SupportURI, TermsURI: b.TermsURI, PrivacyURI: b.PrivacyURI}
	accent, err := b.accent()
	if err != nil {
		return BrandView{}, err
	}
	v.colors = accentStyle(accent)
	if v.LogoURI = b.LogoURI; v.LogoURI == "" {
		v.OwnMark = true
		v.LogoURI, err = a.url("mark.svg")
	}
	return v, err
}

// accent is the colour of the brand.
func (b Brand) accent() (color, error) {
	if b.AccentColor == "" {
		b.AccentColor = defaultAccent
	}
	accent, err := parseColor(b.AccentColor)
	if err != nil {
		return color{}, fmt.Errorf("accent colour of the brand: %w", err)
	}
	return accent, nil
}

// Button returns the colours of a button and of the text on it as #rrggbb, for
// where the stylesheet does not reach: messages.
func (b Brand) Button() (ground, ink string, err error) {
	accent, err := b.accent()
	if err != nil {
		return "", "", err
	}
	p := lightPalette(accent)
	return p.accent.String(), p.ink.String(), nil
}

// ClientView is what a page shows of a client.
type ClientView struct {
	Name, LogoURI, URI, PolicyURI, TOSURI string
	// Unvouched says that all of this is the client's own word: it registered itself.
	Unvouched bool
	// Host is where a client is from that is known by its document, as it is spelled in
	// its client_id: punycode is not decoded, so that no letters of other scripts pass for
	// those of another host (homographs). Empty of all others.
	Host string
}

func newClientView(c *client.Client) *ClientView {
	if c == nil {
		return nil
	}
	v := &ClientView{Name: c.Name, LogoURI: c.LogoURI, URI: c.ClientURI, PolicyURI: c.PolicyURI, TOSURI: c.TOSURI, Unvouched: !c.Vouched()}
	if v.Name == "" {
		v.Name = c.ID
	}
	if c.Source == storage.ClientByDocument {
		v.Host = hostOf(c.ID)
	}
	if c.Registered() && c.LogoURI != "" {
		v.LogoURI = client.LogoPath(c.ID)
	}
	return v
}

// Initial stands for a client without a logo.
func (c ClientView) Initial() string { return initial(c.Name) }

// colorsFor are the colours of a page: the client's, or else the brand's.
func (u *Renderer) colorsFor(c *client.Client) template.CSS {
	if c == nil || c.AccentColor == "" {
		return u.brand.colors
	}
	accent, err := parseColor(c.AccentColor)
	if err != nil {
		return u.brand.colors // the configuration was checked; a page is no place to fail over a colour
	}
	return accentStyle(accent)
}
