package config

import (
	"slices"

	"github.com/latchkey-id/latchkey/client"
)

// ProfileMCP lets the clients of the Model Context Protocol in.
const ProfileMCP = "mcp"

// Marks in the lists of a profile, which stand for what the rest of the configuration has.
const (
	everyResource        = "@resources"        // each resource server of resources
	everyScopeOfResource = "@resources_scopes" // each scope that is of one of them
)

// mcpHosts are those of the metadata documents of Claude, VS Code and ChatGPT, and of the
// addresses that they send people back to.
var mcpHosts = []any{"claude.ai", "claude.com", "vscode.dev", "insiders.vscode.dev", "chatgpt.com"}

// profiles are what a profile switches on, and the whole of it: defaults, which whatever
// is written in the file comes before. PKCE by S256, loopback redirect URIs at any port
// and metadata that any page may read need no switch.
var profiles = map[string]map[string]any{
	ProfileMCP: {
		"client_documents.mode":      DocumentsHosts,
		"client_documents.hosts":     mcpHosts,
		"client_documents.scopes":    []any{"openid", "profile", "email", "offline_access", everyScopeOfResource},
		"client_documents.resources": []any{everyResource},
		// Software without an address of its own, such as what is made of the SDKs.
		"registration.mode":           "open",
		"registration.public_only":    true,
		"registration.redirect_hosts": append([]any{client.LoopbackPattern}, mcpHosts...),
		"registration.scopes":         []any{"openid", "profile", "email", "offline_access", everyScopeOfResource},
		"registration.resources":      []any{everyResource},
	},
}

// presetProfile lays what a profile switches on under the file, over the built-in defaults.
func (l *loader) presetProfile() {
	for key, value := range profiles[l.viper.GetString("profile")] {
		l.viper.SetDefault(key, value)
	}
}

// completeProfile puts what they stand for in the place of the marks.
func (c *Config) completeProfile() {
	if profiles[c.Profile] == nil {
		return // they mean nothing elsewhere
	}
	var resources, scopes []string
	for _, r := range c.Resources {
		resources = append(resources, r.Identifier)
	}
	for _, s := range c.Scopes {
		if slices.Contains(resources, s.Resource) {
			scopes = append(scopes, s.Name)
		}
	}
	for _, list := range []struct {
		of   *[]string
		mark string
		by   []string
	}{
		{&c.ClientDocuments.Resources, everyResource, resources}, {&c.ClientDocuments.Scopes, everyScopeOfResource, scopes},
		{&c.Registration.Resources, everyResource, resources}, {&c.Registration.Scopes, everyScopeOfResource, scopes},
	} {
		if i := slices.Index(*list.of, list.mark); i >= 0 {
			*list.of = append(append(append([]string{}, (*list.of)[:i]...), list.by...), (*list.of)[i+1:]...)
		}
	}
}
