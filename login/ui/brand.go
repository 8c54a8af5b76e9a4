package ui

import (
	"fmt"

	"github.com/latchkey-id/latchkey/client"
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
	style                            string // address of the stylesheet with its colours
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
	v.style = accentURL(accent)
	if v.LogoURI = b.LogoURI; v.LogoURI == "" {
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
}

func newClientView(c *client.Client) *ClientView {
	if c == nil {
		return nil
	}
	v := &ClientView{Name: c.Name, LogoURI: c.LogoURI, URI: c.ClientURI, PolicyURI: c.PolicyURI, TOSURI: c.TOSURI}
	if v.Name == "" {
		v.Name = c.ID
	}
	return v
}

// styleFor is the address of the colours of a page: the client's, or else the brand's.
func (u *Renderer) styleFor(c *client.Client) string {
	if c == nil || c.AccentColor == "" {
		return u.brand.style
	}
	accent, err := parseColor(c.AccentColor)
	if err != nil {
		return u.brand.style // the configuration was checked; a page is no place to fail over a colour
	}
	return accentURL(accent)
}
