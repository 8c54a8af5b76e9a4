package ui

import (
	"regexp"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/internal/useragent"
)

// Device asks for the code that a device shows.
type Device struct {
	Page
	// Code is what was typed, or what the address brought; empty: nothing yet.
	Code string
	// Address is that of this page with the code, for a phone; empty where it has none.
	Address string
}

// Screen implements [Screen].
func (Device) Screen() string { return "device" }

// QR draws the address of the page.
func (d Device) QR() (QRCode, error) { return drawQR(d.Address, d.T("device.qr")) }

// DeviceConfirm asks whether the person started what a device asks for.
type DeviceConfirm struct {
	Page
	// Scopes are what the application asks for.
	Scopes []string
	// Code is what the device shows.
	Code string
	// UserAgent is the header that the application sent, unverified.
	UserAgent string
	// Address is where it asked from, and SameNetwork says that the browser is there too.
	Address     string
	SameNetwork bool
	// At is when it asked, and Ago how long ago that is.
	At  time.Time
	Ago time.Duration
}

// Screen implements [Screen].
func (DeviceConfirm) Screen() string { return "deviceconfirm" }

// Program names what asked, in its own words: a browser, or the name and version that
// other programs begin with. Nothing that could be read as a sentence of ours is shown
// (content spoofing).
func (d DeviceConfirm) Program() string {
	name, _, _ := strings.Cut(d.UserAgent, " ")
	if browser, system := useragent.Parse(d.UserAgent); browser+system == "" && productName.MatchString(name) {
		return name
	}
	return d.Device(d.UserAgent)
}

var productName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+/-]{0,39}$`)
