package flow

import (
	"testing"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
)

// Any program on the machine could have opened the browser and be listening, so
// nobody signs in to a native client in silence, however often they said yes
// before (RFC 8252 section 8.6), unless the administrator decided otherwise.
func TestAZ8_ANativeClientGetsNoCodeInSilence(t *testing.T) {
	native := func(written client.ConsentPolicy, redirectURI string) State {
		return situation(oneFactor, proof(byPassword, 0), func(s *State) {
			s.Client.Type, s.Client.Consent = client.TypeNative, written
			s.Interaction.Request.RedirectURI = redirectURI
			s.Consented = []string{"openid"} // from last time
		})
	}
	for name, tc := range map[string]struct {
		state State
		want  string
	}{
		"loopback":                      {native("", "http://127.0.0.1:5555/cb"), StepConsent},
		"a scheme of its own":           {native("", "com.example.app:/cb"), StepConsent},
		"https":                         {native("", "https://app.example.com/cb"), StepDone},
		"the administrator's own word":  {native(client.ConsentImplied, "http://127.0.0.1:5555/cb"), StepDone},
		"remembered, as he wrote it":    {native(client.ConsentRemember, "http://127.0.0.1:5555/cb"), StepDone},
		"a browser application, silent": {situation(oneFactor, proof(byPassword, 0), func(s *State) { s.Client.Type, s.Client.Consent = client.TypePublic, "" }), StepDone},
	} {
		if got := Next(tc.state); got.Name != tc.want {
			t.Errorf("%s: %s, want %s", name, got.Name, tc.want)
		}
	}
	// prompt=none cannot ask, so it is told.
	silent := native("", "http://127.0.0.1:5555/cb")
	silent.Interaction.Request.Prompt = []string{interaction.PromptNone}
	if got := Next(silent); got.Name != StepConsent || got.Error != "consent_required" {
		t.Errorf("prompt=none: %s %s", got.Name, got.Error)
	}
}
