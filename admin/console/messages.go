package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/storage"
)

const messagesPath = Root + "/messages"

// showBacklog is what waits in the outbox, above what is or was in it.
func (c *Console) showBacklog(r *http.Request, _ *visit, s *screen) error {
	b, err := c.cfg.Outbox.Backlog(r.Context(), c.cfg.Now())
	s.Blocks = append(s.Blocks, block{ID: "backlog", Facts: []fact{
		{s.T("console.queued"), []cell{number(b.Queued), s.at(b.Oldest)}}, {s.T("console.due"), []cell{number(b.Due), s.at(b.DueSince)}},
	}})
	return err
}

// words for machines are filters and tags as they are.
func asIs(values ...string) [][2]string {
	var options [][2]string
	for _, v := range values {
		options = append(options, [2]string{v, v})
	}
	return options
}

// messageList is the outbox: never whom something goes to or what it says.
func messageList() *list {
	var topics []string
	for _, t := range storage.Topics() {
		topics = append(topics, string(t))
	}
	return &list{
		filters: []filter{
			{name: "topic", label: "console.kind", options: asIs(topics...)},
			{name: "status", label: "console.state", options: asIs("queued", "sent", "failed", "expired", "skipped")},
		},
		columns: []string{"console.created", "console.kind", "console.state", "console.person", "console.attempts", "console.next_try"},
		pick:    "retry",
		read: func(r *http.Request, c *Console, v *visit, query url.Values, after string, limit int) ([]item, string, error) {
			found, err := c.cfg.Outbox.Page(r.Context(), storage.DeliveryFilter{
				Topic: storage.Topic(query.Get("topic")), Status: storage.DeliveryStatus(query.Get("status")), Before: storage.ID(after), Limit: limit + 1,
			})
			rows, next := itemsOf(found, limit, func(d *storage.Delivery) string { return string(d.ID) }, func(d *storage.Delivery) item {
				shown := item{record: api.ShowDelivery(d), cells: func(s *screen) []cell { return messageCells(s, d) }}
				if d.Status == storage.DeliveryFailed && v.may.Has(c.scopeOf("deliveries.retry")) {
					shown.pick = string(d.ID)
				}
				return shown
			})
			return rows, next, err
		},
	}
}

func messageCells(s *screen, d *storage.Delivery) []cell {
	kind := map[storage.DeliveryStatus]string{storage.DeliverySent: "good", storage.DeliveryFailed: "warn"}[d.Status]
	about, next := cell{}, cell{}
	if d.UserID != "" {
		about = cell{Text: abbreviatedID(string(d.UserID)), Code: true, URL: pathOf(d.UserID)}
	}
	if d.DoneAt.IsZero() {
		next = s.at(d.NextAt)
	}
	return []cell{s.at(d.CreatedAt), {Text: string(d.Kind), Code: true, Soft: string(d.Topic)}, {All: []cell{tag(kind, string(d.Status))}, Soft: d.LastError}, about, number(d.Attempts), next}
}

// messageActs is what is done about what failed: about that which was picked, or all.
func messageActs() []*act {
	return []*act{
		{
			of: messagesPath, name: "retry", text: "console.retry", operation: "deliveries.retry", command: "outbox retry {delivery}",
			subject: "delivery", several: true, about: pickedWords, fields: pickedDeliveries, do: retryPicked,
		},
		{
			of: messagesPath, name: "retry-all", text: "console.retry_all", operation: "deliveries.retry", command: "outbox retry",
			do: func(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, _ *target) (bool, error) {
				return false, noneIsUnchanged(c.cfg.Accounts.RetryDeliveries(r.Context(), by))
			},
		},
	}
}

// deliveriesOf are those that an act is about, each once and no more than a page has.
func deliveriesOf(t *target) []storage.ID {
	var ids []storage.ID
	for _, one := range strings.Fields(t.subject) {
		id := storage.ID(one)
		if _, err := id.Bytes(); err == nil && !slices.Contains(ids, id) && len(ids) < onPage {
			ids = append(ids, id)
		}
	}
	return ids
}

func pickedWords(t *target) []url.Values {
	said := url.Values{}
	for _, id := range deliveriesOf(t) {
		said.Add("delivery", string(id))
	}
	return []url.Values{said}
}

// pickedDeliveries shows which they are.
func pickedDeliveries(_ *Console, _ *visit, t *target, s *screen, _ *form) error {
	b := block{ID: "picked", Table: &table{Label: s.T("console.messages"), Columns: s.columns("console.id"), None: s.T("console.none")}}
	for _, id := range deliveriesOf(t) {
		b.Table.Rows = append(b.Table.Rows, row{Cells: []cell{code(string(id))}})
	}
	s.Blocks = append(s.Blocks, b)
	return nil
}

// retryPicked tries those again that were picked. That none was is not all.
func retryPicked(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
	ids := deliveriesOf(t)
	if len(ids) == 0 {
		return false, account.ErrNotFound
	}
	return false, noneIsUnchanged(c.cfg.Accounts.RetryDeliveries(r.Context(), by, ids...))
}

func noneIsUnchanged(n int64, err error) error {
	if err == nil && n == 0 {
		return account.ErrUnchanged
	}
	return err
}
