package op

import (
	"bytes"
	"net/http"
	"testing"
)

// TestTK7_DeviceCodesAreNotOffered: what is not built is neither advertised nor
// half there.
func TestTK7_DeviceCodesAreNotOffered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{openIDConfigurationPath, oauthMetadataPath} {
		if document := s.get(path, nil).Body.Bytes(); bytes.Contains(document, []byte("device")) {
			t.Errorf("%s advertises %s", path, document)
		}
	}
	s.post(tokenPath, asRobot, "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", "x").
		want(t, http.StatusBadRequest, "unsupported_grant_type")
	if len(s.store.entries()) != 0 {
		t.Error("something was stored")
	}
}
