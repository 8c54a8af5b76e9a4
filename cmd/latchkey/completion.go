package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// Bounds of what a shell is offered: nobody reads more, and nobody waits longer.
const (
	completeMost = 50
	completeWait = 2 * time.Second
)

// completer offers the words that begin so, of an installation.
type completer func(ctx context.Context, from *storeFlags, begins string) []string

// completers are what a word of a command's usage line, and a flag's name, is completed
// with.
var completers = map[string]completer{
	"USER": completeUsers, "CLIENT": completeClients, "GROUP": completeGroups,
	"user": completeUsers, "client": completeClients, "group": completeGroups,
}

// completes lets shells complete the people, clients and groups that the usage lines
// and flags below cmd name. Of what cannot be reached nothing is offered.
func completes(cmd *cobra.Command) {
	words := positional(cmd.Use)
	if len(words) > 0 && words[0] == "NAME" && cmd.HasParent() && cmd.Parent().Name() == "group" && cmd.Name() != "create" {
		words[0] = "GROUP"
	}
	if len(words) > 0 && cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, begins string) ([]string, cobra.ShellCompDirective) {
			at := len(args)
			if last := len(words) - 1; at > last && strings.HasSuffix(words[last], "...") {
				at = last
			}
			if at >= len(words) {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			offer := completers[strings.TrimSuffix(words[at], "...")]
			if offer == nil {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return completions(cmd, offer, begins), cobra.ShellCompDirectiveNoFileComp
		}
	}
	for name, offer := range completers {
		if flag := cmd.Flags().Lookup(name); flag == nil || flag.Value.Type() != "string" {
			continue
		}
		// It fails for a flag that is completed already alone.
		_ = cmd.RegisterFlagCompletionFunc(name, func(cmd *cobra.Command, _ []string, begins string) ([]string, cobra.ShellCompDirective) {
			return completions(cmd, offer, begins), cobra.ShellCompDirectiveNoFileComp
		})
	}
	for _, sub := range cmd.Commands() {
		completes(sub)
	}
}

// positional are the words of a usage line that stand for arguments: "end [USER SID]"
// has USER and SID, and what is after a bar or is a flag none.
func positional(use string) (words []string) {
	line, _, _ := strings.Cut(use, " | ")
	for _, word := range strings.Fields(line)[1:] {
		word = strings.Trim(word, "[]")
		if strings.HasPrefix(word, "-") {
			break
		}
		words = append(words, word)
	}
	return words
}

func completions(cmd *cobra.Command, offer completer, begins string) []string {
	var from storeFlags
	if f := cmd.Flags().Lookup("data"); f != nil {
		from.data = f.Value.String()
	}
	if f := cmd.Flags().Lookup("config"); f != nil {
		from.config = f.Value.String()
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completeWait)
	defer cancel()
	return offer(ctx, &from, begins)
}

// quietly opens the database, where that works.
func (f *storeFlags) quietly(ctx context.Context, do func(*sqlstore.Store)) {
	cfg, err := f.load()
	if err != nil {
		return
	}
	d, err := newDependencies(cfg, slog.New(slog.DiscardHandler), time.Now, nil)
	if err != nil {
		return
	}
	store, err := d.store(ctx)
	if err != nil {
		return
	}
	defer store.Close()
	do(store)
}

// completeUsers offers addresses, and usernames of who has none, by the index.
func completeUsers(ctx context.Context, from *storeFlags, begins string) (names []string) {
	from.quietly(ctx, func(store *sqlstore.Store) {
		found, err := store.Users().Search(ctx, storage.PeopleFilter{Prefix: begins, ByName: true, Limit: completeMost})
		if err != nil {
			return
		}
		for i := range found {
			name := nameOf(&found[i].User)
			if !strings.HasPrefix(strings.ToLower(name), strings.ToLower(begins)) {
				name = found[i].User.Username
			}
			names = append(names, name)
		}
	})
	return names
}

// completeClients offers the ids of clients, those of files first.
func completeClients(ctx context.Context, from *storeFlags, begins string) (names []string) {
	clients, err := from.clients()
	if err != nil {
		return nil
	}
	offer := func(id, name string) {
		if strings.HasPrefix(id, begins) && len(names) < completeMost {
			names = append(names, id+"\t"+name)
		}
	}
	for i := range clients {
		offer(clients[i].ID, clients[i].Name)
	}
	from.quietly(ctx, func(store *sqlstore.Store) {
		rows, err := store.Clients().List(ctx, "", completeMost)
		if err != nil {
			return
		}
		for i := range rows {
			offer(rows[i].ID, "")
		}
	})
	return names
}

// completeGroups offers the names of groups.
func completeGroups(ctx context.Context, from *storeFlags, begins string) (names []string) {
	from.quietly(ctx, func(store *sqlstore.Store) {
		for after := ""; ; {
			groups, err := store.Groups().List(ctx, after, listBatch)
			if err != nil {
				return
			}
			for i := range groups {
				after = groups[i].Name
				if strings.HasPrefix(strings.ToLower(after), strings.ToLower(begins)) && len(names) < completeMost {
					names = append(names, after)
				}
			}
			if len(groups) < listBatch {
				return
			}
		}
	})
	return names
}
