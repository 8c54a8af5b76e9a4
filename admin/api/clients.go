package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

func clientOperations() []operation {
	return []operation{
		row(operation{
			id: "clients.list", method: http.MethodGet, path: "/clients", scope: admin.ScopeClientsRead, status: http.StatusOK,
			does: "List the applications", more: "Those of configuration files are changed there.",
		}, (*API).listClients),
		row(operation{
			id: "clients.show", method: http.MethodGet, path: "/clients/{client}", scope: admin.ScopeClientsRead, status: http.StatusOK,
			does: "Show an application", more: "Never a secret.",
		}, (*API).showClient),
		row(operation{
			id: "clients.create", method: http.MethodPost, path: "/clients", scope: admin.ScopeClientsWrite, status: http.StatusCreated,
			does: "Make an application", statuses: []int{http.StatusConflict},
			more: "A secret is in the answer, once, where it authenticates by one. One with scopes of administration is made by owners alone.",
		}, (*API).createClient),
		row(operation{
			id: "clients.replace", method: http.MethodPut, path: "/clients/{client}", scope: admin.ScopeClientsWrite, status: http.StatusOK,
			does: "Change an application of the database", more: "What is not named is as if it had never been.",
			statuses: []int{http.StatusConflict, http.StatusPreconditionFailed},
		}, (*API).replaceClient),
		row(operation{
			id: "clients.add_secret", method: http.MethodPost, path: "/clients/{client}/secrets", scope: admin.ScopeClientsWrite, status: http.StatusCreated,
			does: "Give an application of the database another secret", more: "It is in the answer, once.",
			statuses: []int{http.StatusConflict},
		}, (*API).addClientSecret),
		row(operation{
			id: "clients.delete", method: http.MethodDelete, path: "/clients/{client}", scope: admin.ScopeClientsWrite, status: http.StatusNoContent,
			does: "Delete an application of the database", more: "All that people allowed it ends with it.",
			statuses: []int{http.StatusConflict, http.StatusPreconditionFailed},
		}, (*API).deleteClient),
	}
}

// Client is an application.
type Client struct {
	ID         string     `json:"client_id"`
	Name       string     `json:"client_name,omitempty"`
	Type       string     `json:"client_type"`
	Source     string     `json:"source" enum:"file,administrator,open,token,statement,document" doc:"Where it is kept, and so changed: a file, or the database, into which an administrator wrote it, or it registered itself by showing nothing (open), an initial access token, or a software statement, or its client_id is the address of its metadata (document)."`
	Place      string     `json:"place,omitempty" doc:"Where in which file it stands."`
	Vouched    bool       `json:"vouched" doc:"Somebody stands for what it says of itself."`
	CreatedAt  *time.Time `json:"created_at,omitempty"`
	UpdatedAt  *time.Time `json:"updated_at,omitempty"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty" doc:"When it last got tokens, to the day."`
	EndsAt     *time.Time `json:"ends_at,omitempty" doc:"When it is gone unless it is used before."`
	// Metadata is a JSON object whose schema is that of RFC 7591.
	Metadata map[string]any `json:"metadata,omitempty" doc:"What is registered, in the names of RFC 7591."`
	Secrets  int            `json:"secrets" doc:"How many it has; never one of them."`
}

func clientOf(c *client.Client) Client {
	shown := Client{ID: c.ID, Name: c.Name, Type: string(c.Type), Source: "file", Vouched: c.Vouched(), Secrets: len(c.Secrets)}
	if c.Source != "" {
		shown.Source = string(c.Source)
	}
	return shown
}

// storedOf shows a client of the database.
func storedOf(c *client.Client, row *storage.Client) Client {
	shown := clientOf(c)
	shown.CreatedAt, shown.UpdatedAt = timeOf(row.CreatedAt), timeOf(row.UpdatedAt)
	shown.LastUsedAt, shown.EndsAt = timeOf(row.LastUsedAt), timeOf(row.EndsAt)
	return shown
}

// listClients answers with those of files, which are in memory, and those of the
// database, in the order of their ids.
func (a *API) listClients(ctx context.Context, in *PageParams) (*pageOutput[Client], error) {
	after, err := in.place()
	if err != nil {
		return nil, err
	}
	var found []Client
	for _, c := range a.cfg.Clients.All() {
		if c.ID > after {
			shown := clientOf(c)
			shown.Place = a.cfg.Places[c.ID]
			found = append(found, shown)
		}
	}
	rows, err := a.cfg.Stored.List(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		c, err := a.cfg.Stored.Read(&rows[i])
		if err != nil {
			return nil, err
		}
		if a.inFile(c.ID) == nil { // a file comes first
			found = append(found, storedOf(c, &rows[i]))
		}
	}
	slices.SortFunc(found, func(x, y Client) int { return strings.Compare(x.ID, y.ID) })
	found = found[:min(len(found), in.Limit+1)]
	return pageOf(found, in.Limit, func(c *Client) string { return c.ID }, func(c *Client) Client { return *c }), nil
}

// inFile is the client of a file; nil where there is none.
func (a *API) inFile(id string) *client.Client {
	all := a.cfg.Clients.All()
	if i := slices.IndexFunc(all, func(c *client.Client) bool { return c.ID == id }); i >= 0 {
		return all[i]
	}
	return nil
}

type ClientPath struct {
	Client string `path:"client" maxLength:"256" doc:"The client_id."`
}

type clientOutput struct {
	ETag     string `header:"ETag"`
	Location string `header:"Location"`
	Body     Client
}

func (a *API) showClient(ctx context.Context, in *ClientPath) (*clientOutput, error) {
	if c := a.inFile(in.Client); c != nil {
		shown := clientOf(c)
		shown.Place = a.cfg.Places[c.ID]
		return outputOf(c, shown)
	}
	_, c, row, err := a.storedClient(ctx, in.Client)
	if err != nil {
		return nil, err
	}
	return outputOf(c, storedOf(c, row))
}

// outputOf shows a client with its metadata.
func outputOf(c *client.Client, shown Client) (*clientOutput, error) {
	out := &clientOutput{Body: shown}
	text, err := json.Marshal(c.Metadata)
	if err == nil {
		err = json.Unmarshal(text, &out.Body.Metadata)
	}
	if err != nil {
		return nil, fmt.Errorf("show client: %w", err)
	}
	out.ETag, err = etagOf(out.Body)
	return out, err
}
