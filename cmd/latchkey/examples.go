package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// examples are command lines for the help of each command, by its path, one a line. Those
// of a command that says its own are not here.
var examples = map[string]string{
	"admin invite":                     "admin invite --email ada@example.com --name 'Ada Lovelace'\nadmin invite --email desk@example.com --role help_desk",
	"audit export":                     "audit export --since 2027-01-01 --until 2027-02-01\naudit export --user ada@example.com",
	"audit list":                       "audit list --user ada@example.com --since 24h\naudit list --type sign_in_failed --outcome failure --limit 200",
	"audit verify":                     "audit verify\naudit verify --seq 4711 --chain h1.c2FtcGxl",
	"backup":                           "backup --to /var/backups/latchkey.db",
	"client delete":                    "client delete old-wiki --dry-run\nclient delete old-wiki --yes",
	"client list":                      "client list\nclient list --json",
	"client registration-token create": "client registration-token create --note 'build farm' --uses 3 --lasts 72h",
	"client registration-token list":   "client registration-token list",
	"client registration-token revoke": "client registration-token revoke 0193b2c41e7a7f0c9d1f6a2b3c4d5e6f",
	"client show":                      "client show wiki",
	"config apply":                     "config apply --dry-run\nconfig apply --wait 2m",
	"config diff":                      "config diff\nconfig diff --against /etc/latchkey/yesterday.yaml",
	"config schema":                    "config schema",
	"config status":                    "config status\nconfig status --json",
	"config validate":                  "config validate --config /etc/latchkey/latchkey.yaml",
	"dev":                              "dev\ndev --data ./demo --listen 127.0.0.1:9000",
	"doctor":                           "doctor\ndoctor --json",
	"doctor mcp":                       "doctor mcp https://tools.example.com/mcp",
	"epoch raise":                      "epoch raise --reason 'restored the backup of Monday' --yes",
	"events list":                      "events list",
	"events replay":                    "events replay siem --since 24h\nevents replay stream --after 4711 --yes",
	"events schema":                    "events schema",
	"events secret":                    "events secret",
	"events test":                      "events test siem",
	"explain":                          "explain ada@example.com wiki\nexplain ada@example.com wiki --scope openid --json",
	"grant list":                       "grant list ada@example.com\ngrant list --client wiki --unused-for 90d",
	"grant revoke":                     "grant revoke ada@example.com wiki\ngrant revoke --client wiki --older-than 30d --dry-run",
	"group add":                        "group add staff ada@example.com grace@example.com",
	"group create":                     "group create staff --display-name Staff --role reader",
	"group delete":                     "group delete staff --dry-run",
	"group edit":                       "group edit staff --description 'Everybody on the payroll'",
	"group list":                       "group list\ngroup list --json",
	"group remove":                     "group remove staff ada@example.com",
	"group set-roles":                  "group set-roles staff reader writer",
	"group show":                       "group show staff",
	"healthcheck":                      "healthcheck\nhealthcheck --ready --url http://127.0.0.1:9090/readyz",
	"init":                             "init\ninit --issuer https://id.example.com --trusted-proxy 10.0.0.0/8 --dir /etc/latchkey",
	"invite create":                    "invite create --email grace@example.com --locale de",
	"invite list":                      "invite list --all",
	"keys list":                        "keys list",
	"keys reseal":                      "keys reseal --dry-run\nkeys reseal",
	"keys revoke":                      "keys revoke 2027-01-ES256 --now",
	"keys rotate":                      "keys rotate --alg ES256",
	"lockdown":                         "lockdown ada@example.com --reason 'laptop stolen'\nlockdown --client wiki --reason 'secret leaked' --yes\nlockdown ada@example.com --undo --reason 'found it'",
	"mail test":                        "mail test --to you@example.com",
	"migrate status":                   "migrate status",
	"migrate up":                       "migrate up",
	"outbox list":                      "outbox list --status failed --topic email",
	"outbox retry":                     "outbox retry\noutbox retry 0193b2c41e7a7f0c9d1f6a2b3c4d5e6f",
	"restore":                          "restore --from /var/backups/latchkey.db --reason 'the disk failed'",
	"serve":                            "serve --config /etc/latchkey/latchkey.yaml",
	"session end":                      "session end ada@example.com 0193b2c41e7a7f0c9d1f6a2b3c4d5e6f\nsession end --unused-for 30d --dry-run",
	"session list":                     "session list ada@example.com\nsession list --client wiki --older-than 7d",
	"sms test":                         "sms test --to '+49 151 12345678'",
	"trace":                            "trace 4f6c1d2e9a",
	"user create":                      "user create --email ada@example.com --name 'Ada Lovelace'\nuser create --email ada@example.com --verified --password-stdin < password.txt",
	"user delete":                      "user delete ada@example.com --dry-run",
	"user disable":                     "user disable ada@example.com --reason 'left the company'",
	"user enable":                      "user enable ada@example.com",
	"user end-sessions":                "user end-sessions ada@example.com --yes",
	"user export":                      "user export --out people.jsonl",
	"user import":                      "user import people.csv --format csv\nuser import people.json --format django --apply",
	"user keep":                        "user keep ada@example.com",
	"user list":                        "user list --search lovelace\nuser list --state disabled --sort name --limit 50",
	"user reset-mfa":                   "user reset-mfa ada@example.com --reason 'lost the phone; showed a passport'",
	"user reset-password":              "user reset-password ada@example.com\nuser reset-password ada@example.com --print-link --reason 'called, and was called back'",
	"user revoke-grants":               "user revoke-grants ada@example.com --client wiki",
	"user sessions":                    "user sessions ada@example.com",
	"user set-roles":                   "user set-roles ada@example.com staff payroll",
	"user show":                        "user show ada@example.com\nuser show ada@example.com --json",
	"user unlock":                      "user unlock ada@example.com",
	"user verify-email":                "user verify-email ada@example.com",
	"version":                          "version",
}

// withExamples gives every command below cmd its examples.
func withExamples(cmd *cobra.Command) {
	root := cmd.Root().Name()
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	if lines := examples[path]; lines != "" && cmd.Example == "" {
		cmd.Example = "  " + root + " " + strings.ReplaceAll(lines, "\n", "\n  "+root+" ")
	}
	for _, sub := range cmd.Commands() {
		withExamples(sub)
	}
}
