package ident

import "testing"

func TestCanonicalPhone(t *testing.T) {
	for text, want := range map[string]string{
		"+4915112345678": "+4915112345678", " +49 (0)151 / 123-456.78 ": "+4915112345678", "0044 20 7946 0958": "+442079460958",
		"＋８１ ９０ １２３４ ５６７８": "+819012345678", "+1 (212) 555‑0100": "+12125550100",
		"": "", "+": "", "0151 12345678": "", "15112345678": "", "+0123456789": "", "+1234567": "", "+1234567890123456": "",
		"+49151x2345678": "", "++4915112345678": "", "+49 151 12345678;ext=1": "",
	} {
		if got, ok := CanonicalPhone(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, got, ok, want)
		}
	}
}

// The number plans that several countries share are where fraud lives: their
// numbers look like those of a big neighbour.
func TestEO4_PhoneCountry(t *testing.T) {
	for number, want := range map[string]string{
		"+4915112345678": "DE", "+12125550100": "US", "+14165550100": "CA", "+18765550100": "JM", "+16585550100": "JM",
		"+18095550100": "DO", "+19005550100": "", "+79161234567": "RU", "+77011234567": "KZ", "+442079460958": "GB",
		"+447797123456": "JE", "+390669812345": "VA", "+393471234567": "IT", "+358181234567": "AX", "+35840123456": "FI",
		"+870773111632": "", "+882161234567": "", "+9791234567": "", "+819012345678": "JP", "4915112345678": "", "": "", "+": "",
	} {
		if got := PhoneCountry(number); got != want {
			t.Errorf("%s: %q, want %q", number, got, want)
		}
	}
	for country, want := range map[string]bool{"DE": true, "US": true, "JE": true, "de": false, "": false, "ZZ": false} {
		if IsPhoneCountry(country) != want {
			t.Errorf("%q: want %v", country, want)
		}
	}
	for prefix := range callingCodes() {
		if len(prefix) > longestCode {
			t.Errorf("%s is longer than what is looked for", prefix)
		}
	}
}
