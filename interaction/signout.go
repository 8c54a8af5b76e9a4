package interaction

import (
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// SignedOut is what came of a sign-out, for the page that says so.
type SignedOut struct {
	// ClientID is who asked for it; empty where no client did.
	ClientID string `json:"client_id,omitempty"`
	// SID is the session that ended, and At when: by them it is known what became of the
	// notices to applications.
	SID storage.ID `json:"sid,omitempty"`
	At  time.Time  `json:"at,omitzero"`
	// Told are the applications that were signed in to: each is told, or is not.
	Told []ToldClient `json:"told,omitempty"`
	// Continue is where the browser goes on to, once the applications were told;
	// empty stays.
	Continue string `json:"continue,omitempty"`
	// Locales are the languages that were asked for.
	Locales []string `json:"locales,omitempty"`
	// Again is the address of the page, to look once more; empty where it has none of
	// its own.
	Again string `json:"-"`
}

// ToldClient is an application that somebody is signed out of.
type ToldClient struct {
	ClientID string `json:"client_id"`
	Name     string `json:"name"`
	// Frame is an address that the page opens for the application to end its session
	// (OpenID Connect Front-Channel Logout 1.0); empty is none.
	Frame string `json:"frame,omitempty"`
	// Posted says that the application is told by the back channel.
	Posted bool `json:"posted,omitempty"`
	// Notice is what has become of that when the page is shown.
	Notice Notice `json:"-"`
}

// Notice is what has become of telling an application by the back channel.
type Notice string

// The notices. The zero value is not known.
const (
	NoticePending  Notice = "pending"   // on its way
	NoticeTaken    Notice = "taken"     // the application said so
	NoticeFailed   Notice = "failed"    // the application did not answer, or refused; it may be tried again
	NoticeNotMeant Notice = "not_meant" // the application is no longer registered to be told
)

// ToldState is how an application stands at a sign-out.
type ToldState string

// The states.
const (
	ToldReached   ToldState = "reached"     // it knows
	ToldPending   ToldState = "told"        // it is being told: nothing says that it was
	ToldUnreached ToldState = "not_reached" // it was to be told and could not be
	ToldNever     ToldState = "not_told"    // it is not registered to be told
)

// State says how the application stands. A frame cannot say whether what it opened
// did anything.
func (c ToldClient) State() ToldState {
	switch {
	case c.Posted && c.Notice == NoticeTaken:
		return ToldReached
	case c.Frame != "", c.Posted && (c.Notice == "" || c.Notice == NoticePending):
		return ToldPending
	case c.Posted && c.Notice == NoticeFailed:
		return ToldUnreached
	}
	return ToldNever
}

// Pending reports whether a notice is on its way.
func (s *SignedOut) Pending() bool {
	return slices.ContainsFunc(s.Told, func(c ToldClient) bool { return c.Posted && c.Notice == NoticePending })
}

// Posts reports whether an application is told by the back channel.
func (s *SignedOut) Posts() bool {
	return slices.ContainsFunc(s.Told, func(c ToldClient) bool { return c.Posted })
}

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
