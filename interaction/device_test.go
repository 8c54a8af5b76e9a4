package interaction_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/storage"
)

// RFC 8628 section 6.1: punctuation, case and spaces are nothing, and neither is the
// script or width of the keyboard.
func TestTK7_UserCodesAreTakenInAnySpelling(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"WDJB-MJHT":                           "WDJBMJHT",
		"wdjbmjht":                            "WDJBMJHT",
		" wdjb mjht\r\n":                      "WDJBMJHT",
		"w.d.j.b_m/j:h!t":                     "WDJBMJHT",
		"wdjb\u2011mjht":                      "WDJBMJHT",
		"ＷＤＪＢ－ＭＪＨＴ":                           "WDJBMJHT",
		"wdjb\u200b\u00admjht":                "WDJBMJHT",
		"WDJB-MJH":                            "",
		"WDJB-MJHTX":                          "",
		"WDJB-MJHA":                           "",
		"WDJB-MJH1":                           "",
		"ВDJB-MJHT":                           "", // Cyrillic
		"":                                    "",
		strings.Repeat("-", 200) + "WDJBMJHT": "",
		"WDJB\xff\xfeMJHT":                    "WDJBMJHT",
	} {
		if got := interaction.NormalizeUserCode(typed); got != want {
			t.Errorf("%q is %q, want %q", typed, got, want)
		}
	}
	if got := interaction.ShowUserCode("WDJBMJHT"); got != "WDJB-MJHT" {
		t.Errorf("shown as %q", got)
	}
}

func FuzzUserCodes(f *testing.F) {
	for _, s := range []string{"", "WDJB-MJHT", "wdjb mjht", "\xff", "ＷＤＪＢ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code := interaction.NormalizeUserCode(typed)
		if code != "" && (len(code) != 8 || strings.Trim(code, "BCDFGHJKLMNPQRSTVWXZ") != "") {
			t.Errorf("%q is %q", typed, code)
		}
		if again := interaction.NormalizeUserCode(interaction.ShowUserCode(code)); again != code {
			t.Errorf("%q becomes %q", code, again)
		}
	})
}

// PR1: of many who decide one does, and of many who redeem.
func TestPR1_DevicesAreDecidedAndRedeemedOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, 10)
	devices := interaction.NewDevices(s.ephemeral, s.hasher)
	d := &interaction.DeviceRequest{Device: interaction.Device{ID: "d1", AskedAt: s.clock.Now()}}
	code, err := devices.Start(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	once := func(what string, do func() error) {
		t.Helper()
		var won atomic.Int64
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				switch err := do(); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, storage.ErrNotFound):
					t.Errorf("%s: %v", what, err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%s succeeded %d times", what, won.Load())
		}
	}
	once("Decide", func() error {
		return devices.Decide(t.Context(), &d.Device, s.clock.Now(), func(d *interaction.DeviceRequest) { d.Approval = &interaction.Approval{UserID: "ada"} })
	})
	once("Redeem", func() error { return devices.Redeem(t.Context(), code) })
	other := d.Device
	other.ID = "d2" // somebody who typed the code of an earlier request
	if err := devices.Decide(t.Context(), &other, s.clock.Now(), func(*interaction.DeviceRequest) {}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("deciding another request with the code: %v", err)
	}
	s.clock.Advance(11 * time.Minute)
	if _, err := devices.ByUserCode(t.Context(), d.UserCode); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a code that expired: %v", err)
	}
}
