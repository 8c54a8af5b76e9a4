package interaction

// SignedOut is what came of a sign-out, for the page that says so.
type SignedOut struct {
	// ClientID is who asked for it; empty where no client did.
	ClientID string `json:"client_id,omitempty"`
	// Told are the applications that were signed in to: each is told, or is not.
	Told []ToldClient `json:"told,omitempty"`
	// Continue is where the browser goes on to, once the applications were told;
	// empty stays.
	Continue string `json:"continue,omitempty"`
	// Locales are the languages that were asked for.
	Locales []string `json:"locales,omitempty"`
}

// ToldClient is an application that somebody is signed out of.
type ToldClient struct {
	Name string `json:"name"`
	// Frame is an address that the page opens for the application to end its session
	// (OpenID Connect Front-Channel Logout 1.0); empty is none.
	Frame string `json:"frame,omitempty"`
	// Posted says that the application is told by the back channel.
	Posted bool `json:"posted,omitempty"`
}

// Reached reports whether the application is told in any way.
func (c ToldClient) Reached() bool { return c.Frame != "" || c.Posted }

// Frames are the addresses that the page opens.
func (s *SignedOut) Frames() []string {
	var frames []string
	for _, c := range s.Told {
		if c.Frame != "" {
			frames = append(frames, c.Frame)
		}
	}
	return frames
}
