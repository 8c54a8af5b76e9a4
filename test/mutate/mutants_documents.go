package main

// documents are the checks of clients that are known by a document which they publish.
var documents = []mutant{
	{
		"DR1", "documents of any host count", "client/document/clients.go",
		`return s.cfg.Open || slices.ContainsFunc(`,
		`return true || slices.ContainsFunc(`,
		"./op", "TestDR1_OnlyAllowedHosts",
	},
	{
		"DR1", "a picture or a page is a document", "client/document/clients.go",
		`if !isJSON(answer.Header.Get("Content-Type")) {`,
		`if false {`,
		"./op", "TestFT1_Documents",
	},
	{
		"FT1", "a document may have any size", "client/document/clients.go",
		`if len(answer.Body) > maxBody {`,
		`if false {`,
		"./op", "TestFT1_Documents|TestDR1_Documents",
	},
	{
		"DR1", "a document makes a client of what somebody wrote down", "client/document/clients.go",
		`case row.Source != storage.ClientByDocument:`,
		`case false:`,
		"./op", "TestDR1_RowsCount",
	},
	{
		"DR1", "a client by document that was disabled works on", "client/document/clients.go",
		`case !row.DisabledAt.IsZero():`,
		`case false:`,
		"./op", "TestDR1_RowsCount",
	},
	{
		"DR1", "a document that is gone is used on", "client/document/clients.go",
		`case errors.As(err, &answered) && answered.Status < http.StatusInternalServerError,`,
		`case errors.As(err, &answered) && answered.Status < -http.StatusInternalServerError,`,
		"./op", "TestDR1_Documents",
	},
	{
		"DR1", "a document that is away is used for ever", "client/document/clients.go",
		`s.cfg.Now().Sub(before.answer.FetchedAt) < s.cfg.Stale:`,
		`s.cfg.Now().Sub(before.answer.FetchedAt) < 1000*s.cfg.Stale:`,
		"./op", "TestDR1_DocumentsThatAreAway",
	},
	{
		"TH1", "strangers have any number of addresses called", "client/document/limit.go",
		`if wait > 0 {`,
		`if wait < 0 {`,
		"./op", "TestTH1_Documents",
	},
	{
		"DR1", "a document speaks for another address", "client/registration/published.go",
		`if json.Unmarshal(all["client_id"], &named) != nil || named != id {`,
		`if json.Unmarshal(all["client_id"], &named) != nil {`,
		"./op", "TestDR1_",
	},
	{
		"DR1", "a secret that everybody can read proves a client", "client/registration/published.go",
		`if _, there := all[name]; there {`,
		`if false {`,
		"./op", "TestDR1_DocumentsAreJudged",
	},
	{
		"FT1", "a document has more addresses called", "client/registration/published.go",
		`delete(all, name)`,
		`_ = name`,
		"./op", "TestDR1_|TestFT1_",
	},
	{
		"FT1", "a name may lead inside", "internal/fetch/address.go",
		`return !contains(notPublic, a)`,
		`return contains(notPublic, a) || true`,
		"./internal/fetch", "FT1",
	},
}
