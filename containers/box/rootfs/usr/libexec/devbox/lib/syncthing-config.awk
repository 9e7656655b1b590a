# Writes a config.xml of Syncthing anew with what a box insists on.
#
# Usage: awk [-v new=1] -f syncthing-config.awk CONFIG
# Exit:  0; 3 with one line on stderr when it is no configuration that can be
#        judged: then nothing may be started with it.
#
# At every start: one listener, on the loopback address, and the GUI not turned
# off, because it carries the REST interface. With new=1 also what a box starts
# out with and its owner may change later: no discovery, no relays, no port
# mapping, no reports, no upgrades.
#
# Syncthing itself writes the file: comments are lost, every setting is an
# element of its own. Settings named in one place only are found by name; those
# of <gui> and <options> are looked for inside of these.

function refuse(why) {
  print "config.xml: " why >"/dev/stderr"
  refused = 1
  exit 3
}

# Cuts the text at the element NAME: before, element, after.
function cut(name,    from, to) {
  from = match(text, "<" name "[ >]")
  to = index(text, "</" name ">")
  if (!from || to < from) refuse("it has no <" name ">, so it is damaged")
  to += length(name) + 3
  before = substr(text, 1, from - 1)
  element = substr(text, from, to - from)
  after = substr(text, to)
  if (match(after, "<" name "[ >]")) refuse("it has more than one <" name ">")
}

# Gives the setting NAME inside the element a value; one that is not there is added.
function set(name, value,    setting) {
  setting = "<" name ">" value "</" name ">"
  if (!gsub("<" name ">[^<]*</" name ">", setting, element)) sub(/>/, ">\n        " setting, element)
}

{ text = text $0 "\n" }

END {
  if (refused) exit 3
  while (from = index(text, "<!--")) {
    rest = substr(text, from + 4)
    to = index(rest, "-->")
    if (!to) refuse("a comment has no end, so it is damaged")
    text = substr(text, 1, from - 1) substr(rest, to + 3)
  }
  if (text !~ /<configuration[ >]/ || text !~ /<\/configuration>[ \t\r\n]*$/)
    refuse("it is no configuration of Syncthing, or damaged")

  cut("gui")
  sub(/^<gui enabled="false"/, "<gui enabled=\"true\"", element)
  # The name in the address bar is the box's, not localhost.
  if (new) set("insecureSkipHostcheck", "true")
  text = before element after

  cut("options")
  # Elsewhere than in <options> it would mean nothing, or be something else than it seems.
  if (before ~ /listenAddress/ || after ~ /listenAddress/) refuse("a listenAddress is in an unexpected place")
  gsub(/[ \t]*<listenAddress[^>]*>[^<]*<\/listenAddress[^>]*>\n?/, "", element)
  gsub(/[ \t]*<listenAddress[^>]*\/>\n?/, "", element)
  if (element ~ /listenAddress/) refuse("its listenAddress cannot be read")
  sub(/>\n?/, ">\n        <listenAddress>tcp://127.0.0.1:22000</listenAddress>\n", element)
  if (new) {
    set("globalAnnounceEnabled", "false")
    set("localAnnounceEnabled", "false")
    set("announceLANAddresses", "false")
    set("relaysEnabled", "false")
    set("natEnabled", "false")
    set("urAccepted", "-1")
    set("crashReportingEnabled", "false")
    set("autoUpgradeIntervalH", "0")
    set("startBrowser", "false")
  }
  text = before element after
  printf "%s", text
}
