package config

import "github.com/latchkey-id/latchkey/storage"

// Events says where security events go besides the record.
type Events struct {
	Stream   EventStream `yaml:"stream" doc:"JSON lines for a SIEM; see docs/events.md."`
	Webhooks []Webhook   `yaml:"webhooks" doc:"URLs that events are posted to, signed."`
}

// EventFormat is in whose names events are written.
type EventFormat string

// The formats.
const (
	EventsLatchkey EventFormat = "latchkey"
	EventsECS      EventFormat = "ecs"
)

// EventStream is where lines of events go.
type EventStream struct {
	To     string      `yaml:"to" doc:"stdout, or a file to append to; it may be rotated at any time. Relative to the configuration file. Default: nowhere."`
	Format EventFormat `yaml:"format" default:"latchkey" oneof:"latchkey ecs" doc:"latchkey: the format of latchkey audit export; ecs: Elastic Common Schema field names."`
	Types  []string    `yaml:"types" doc:"Only events of these types, such as [sign_in, sign_in_failed]. Default: all."`
}

// Webhook is an address that events are posted to.
type Webhook struct {
	Name   string   `yaml:"name" doc:"A short name, unique: letters, digits, - and _. Pending deliveries belong to this name."`
	URL    string   `yaml:"url" doc:"Where events are posted to: https, and under dev also http on this machine. An address that is not public must be in fetch.allowed_networks."`
	Secret Secret   `yaml:"secret" secret:"ref" doc:"The signing secret (Standard Webhooks): whsec_ and 24 to 64 random bytes in base64, as a file: or env: reference. latchkey events secret generates one."`
	Types  []string `yaml:"types" doc:"Only events of these types. Default: all."`
}

// EventTypesOf are types as storage has them.
func EventTypesOf(written []string) []storage.EventType {
	types := make([]storage.EventType, len(written))
	for i, t := range written {
		types[i] = storage.EventType(t)
	}
	return types
}
