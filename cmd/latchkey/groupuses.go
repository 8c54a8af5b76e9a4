package main

import (
	"context"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/access"
)

// groupUses knows which clients of the configuration name a group.
type groupUses struct{ d *dependencies }

// ClientsNaming implements account.GroupUses.
func (g groupUses) ClientsNaming(_ context.Context, group string) ([]string, error) {
	clients, err := g.d.clients()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, c := range clients {
		if slices.ContainsFunc(c.Access, func(r access.Rule) bool {
			return slices.ContainsFunc(r.Groups, func(name string) bool { return strings.EqualFold(name, group) })
		}) {
			found = append(found, c.ID)
		}
	}
	return found, nil
}
