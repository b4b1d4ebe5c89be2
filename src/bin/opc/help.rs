//! The longer texts of `--help`. Paragraphs are one line each: clap breaks them to fit the terminal.

pub(crate) const OPC_SHORT: &str = "\
Examples:
  opc -s sim: read Random.Int4 'Bucket Brigade.Int4'
  opc -s opc.tcp://plant:4840 watch Boiler.Level --refresh 500ms -o json

'opc --help' tells how tags are written and what the exit codes mean.";

pub(crate) const OPC: &str = "\
Examples:
  opc -s sim: read Random.Int4 'Bucket Brigade.Int4'
  opc -s opc.tcp://plant:4840 write 'Boiler.Setpoint=71.5'
  opc -s opc.tcp://plant:4840 watch Boiler.Level --refresh 500ms -o json
  opc simulate &
  OPC_SERVER=opc.tcp://localhost:4840 opc info

Tags:
  Random.Int4              an item id, looked up on the server
  ns=2;s=Random.Int4       a node id; also i=2258, nsu=urn:plant;s=Pump
  /2:Plant/2:Boiler        browse names below the Objects folder
  range=0:9;Some.Array     elements of an array; range=3;… is one of them
  item:…                   an item id that looks like one of the others
  Tags with spaces, ; or & in them are quoted for the shell.

Data goes to stdout, everything else to stderr. Times are UTC.

OpenOPC's command lines work as they are: no action reads, -r -w -l -f -p -i -q say what else, and their options mean what \
they meant. A + in a tag of such a line is a space. The URL of -s names a server alone: -m, -C, -H, -P and -h HOST change \
nothing beside it, but with -q, -h HOST is whose servers are listed. -S has nothing to list; it says what comes close.

Exit codes:
  0    everything worked and every value read is of good quality
  1    an item failed or was not good; all the others are printed
  2    the command line makes no sense; nothing was written
  3    no connection: not reached, refused, or lost; or no address to listen on
  130  ended by Ctrl-C before it was done (143 by SIGTERM)
Output that nobody reads any more, as with '| head', ends the command with 0.";

pub(crate) const READ: &str = "\
Examples:
  opc read -s sim: Random.Int4 'Bucket Brigade.Int4'
  opc read 'ns=2;s=Random.Int4' i=2258 -o json
  opc read 'range=0:1;Random.ArrayOfReal8' -o csv
  opc read Boiler1 Boiler2 --append .Level,.Temperature --rotate 2
  opc read - -o csv <tags.txt
  opc read Random.Int4 Random.Real8 -L 60 -o csv >data.csv

Standard input is CSV. Its first column has the tags, or the one that a header calls tag: what 'opc list' and 'read -o csv' \
print is understood.

-L goes on until Ctrl-C, which then is a good end (exit code 0, or 1 where an item failed). It tells on stderr when the \
server is gone and when it is back, and goes on; rounds are due in step with the clock, however long one takes.

A value of uncertain or bad quality is printed like any other, and makes the exit code 1. So does a tag that gives no \
value; its line has an error. A text that cannot be a tag at all is a usage error (2).";

pub(crate) const WRITE: &str = "\
Examples:
  opc write 'Bucket Brigade.Int4=5' 'Bucket Brigade.String=two words'
  opc write 'ns=2;s=Bucket Brigade.Real8=2.5'
  opc write 'Bucket Brigade.ArrayOfReal8=[1, 2.5]' 'range=0;Bucket Brigade.ArrayOfReal8=7'
  opc write 'Bucket Brigade.Int4' 5
  opc write --pairs 'ns=2;s=a=b' 5
  opc write - <data.csv

The value stands behind the first = that is not part of the tag. Part of a tag are the ones of ns=, nsu=, i=, s=, g=, b= \
and range= that it begins with, and the padding of b=.

With no other = in any argument, tags and values come in turn, as with OpenOPC. --pairs says that they do, for item ids \
and values that have = in them.

Standard input is CSV: the tag and the value, first and second, or the columns that a header calls tag and value. So what \
'read -o csv' printed can be edited and written back; rows that had no value then are left out, and said. A line that is \
broken is told by its number.

The node's data type says what the text means: numbers, also as 0xFF; true and false, also as 1 and 0; times in RFC \
3339; bytes in base64; arrays as [1, 2] and [[1, 2], [3, 4]]. A node that takes several types gets the type that it \
holds now, or the one of --type.

If any line is broken or any text is not a value of its type, nothing at all is written (exit code 2); --keep-going writes \
the rest (exit code 1). What the server refuses is told on its \
line, and makes the exit code 1; the rest is written.";

pub(crate) const LIST: &str = "\
Examples:
  opc list
  opc list 'Simulation Items' 'Sim*.R*.Real*'
  opc list --flat 'Random.*Int*' | opc read -
  opc list -R --access write -o csv

A pattern is names with dots between them; in each, * is any characters, ? one, [a-c] one of these and [!x] any other. \
Without a wildcard a branch gives what is in it. With --flat the pattern is for the whole item id, dots and all.

Unless -o says otherwise each line is a tag, which 'opc read -' takes, or the name of a branch. A pattern that nothing matches is told on stderr, and \
makes the exit code 1; so does a branch that cannot be browsed.";

pub(crate) const PROPERTIES: &str = "\
Examples:
  opc properties Random.Int4
  opc properties Random.Int4 Random.Real8 --id 1,5,'EU Units'
  opc list --flat 'Random.*' | opc properties - -y 101 -o pairs

The numbers are OPC DA's, those from 610 OPC UA's own; what else a node has comes without one. With --id, a property that a \
tag does not have is an error, and makes the exit code 1.";

pub(crate) const IMPORT: &str = "\
Examples:
  opc import tags.txt --save aliases.toml
  opc import export.csv --prefix Channel1.Device1. --save aliases.toml
  opc import tags.csv --id-column 3 --left-over -o csv >left-over.csv
  opc --aliases aliases.toml read Old.Item.Id

The list has one item id a line, or it is CSV with a header (the item id is in the column called Item ID, else Alias, Tag \
Name or the like), a tag export of KEPServerEX, or the aliases of a Matrikon server. A tag export has no channel and no \
device in it: --prefix puts them in front. Lines that begin with '# ' are comments. All ids are asked for together, in as few requests as \
the server allows.

The file of --save has the ids that are not the server's own: those found by browse names, by a product's convention, by \
the server's alias names or by what the list says they stand for. It names nodes by the URI of their namespace. Names that end in .toml are TOML, others CSV. It is \
written at the end and as a whole or not at all, and it keeps what --aliases had. All commands take it with --aliases, or from the environment variable OPC_ALIASES.

Each id is a line of output: its node, how that was found, and of an id that is nowhere or at several places, the nearest or all \
that it could be. Ids that are left over make the exit code 1. A broken line is told by its number, and nothing is asked then (2).";

pub(crate) const SERVERS: &str = "\
Examples:
  opc servers
  opc servers plant opc.tcp://other:4841

A discovery server knows all that have registered with it; an ordinary server knows itself.";

pub(crate) const ENDPOINTS: &str = "\
Examples:
  opc endpoints plant
  opc -s opc.tcp://plant:4840 endpoints -o json";

pub(crate) const WATCH: &str = "\
Examples:
  opc watch 'Triangle Waves.Real8' --refresh 100ms
  opc watch A B --count 10 -o json
  opc watch A --for 1m -o csv >minute.csv

In a terminal it is a live table, with a line of what was; q ends it. Elsewhere, with --lines or with another format than \
table, each change is a line.

Every tag begins with its current value; after that, what changes is printed as it changes. A lost connection gives one \
bad reading for each tag, and comes back by itself.

Ctrl-C ends a watch with exit code 0. A tag that the server refuses gives one bad reading, and makes the exit code 1 at \
the end; with every tag refused, the end comes at once. Quality alone does not change the exit code.";

pub(crate) const HISTORY: &str = "\
Examples:
  opc history Boiler.Temperature
  opc history Boiler.Temperature --from DAY-1D --to DAY -o csv >yesterday.csv
  opc history A B --last 8h --aggregate TimeAverage --every 5m
  opc history A --at '2026-01-31 12:00' --at NOW-1H
  opc history A --count 100
  opc history A B --last 7d --plot
  opc history A B --last 7d -o svg >week.svg

Values are printed as they come, however many there are: those of several tags in turns, those of each in order. Times are \
UTC. With --output json, each has what the historian says of it: \"history\" is Raw, Calculated or Interpolated, \"partial\" \
an interval that is not complete, \"multiple_values\" one of several that would do.

Aggregates are those of OPC UA Part 13, by name or by OPC HDA's number (3 is the average), and the server's own by name.

A tag without a history is an error, and makes the exit code 1; values of bad quality do not. Ctrl-C prints what was read.";

pub(crate) const INFO: &str = "\
Examples:
  opc info -s opc.tcp://plant:4840
  opc info -s sim: -o json";

pub(crate) const CONFIG: &str = "\
Examples:
  opc config
  opc -s opc.tcp://plant:4840 -t 5s config

Nothing is connected to.";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  opc completions bash >~/.local/share/bash-completion/completions/opc
  opc completions zsh >~/.zfunc/_opc
  opc completions fish >~/.config/fish/completions/opc.fish";

pub(crate) const MAN: &str = "\
Examples:
  opc man >~/.local/share/man/man1/opc.1
  opc man | man -l -";

pub(crate) const SIMULATE: &str = "\
Examples:
  opc simulate
  opc simulate --listen 127.0.0.1:0 --items 5000
  opc simulate --listen 192.168.0.5:4840
  opc simulate --faults faults.toml
  opc simulate --config plant.toml --listen 127.0.0.1:0
  opc simulate --config plant.toml --check
  opc simulate --security sign-and-encrypt --user joe:secret

The first line on stdout is the URL, printed once clients can connect. Without --security and --user whoever reaches the \
address can read and write. With --security there is a certificate of its own, made anew with each start; clients have to \
trust it, and theirs are all trusted. Name the address that others reach: it is what clients are told to connect to, and with 0.0.0.0 that is \
localhost.

It serves what the Matrikon simulation server is known for: Random.*, Bucket Brigade.*, Saw-toothed Waves.*, Square \
Waves.*, Triangle Waves.*, Read Error.*, Write Error.*, Write Only.*

--config takes a TOML file with items of your own:
  seed = 1
  clock = \"real\"                   # or \"scaled:10\"
  history_store = \"plant.redb\"     # without it the past is kept in memory
  [[item]]
  id = \"Boiler.Temperature\"
  type = \"Double\"
  range = [0.0, 120.0]
  signal = { kind = \"sine\", low = 10.0, high = 90.0, period = \"10s\" }
  history = true                   # or { file = \"temperature.csv\", capacity = 100000 }

Signals are counter, ramp, triangle, sine, square, random and list. A CSV file of history has a time, a value and a status in \
each row. Paths are relative to the file. What is wrong is told with its line, and is exit code 2; --check tells that, and what \
may not be meant, and serves nothing.

--faults takes a TOML file with one [[fault]] for each thing that goes wrong. It is told on stderr as it begins and ends:
  [[fault]]
  kind = \"crash\"       # see below
  at = \"5s\"            # after the start; without it, at once
  for = \"2s\"           # without it, until the end or the next time
  every = \"30s\"        # again and again

Kinds for the network: drop and reset close what is open; refuse resets new connections; stall, delay (by = \"200ms\"), throttle \
(rate = bytes a second) and cut (bytes = N) take way = \"to-server\", \"to-client\" or \"both\". For items (items = \"Random.*\"): \
status (status = \"BadSensorFailure\"), null, wrong-type, old-time and latency (by = \"1s\"). A crash comes back after its time, \
with reset = true, namespaces_first = [\"urn:other\"], without = [\"Random.*\"] or, with --security, new_certificate = true \
as these say.

All but a crash can be for some calls or connections only: nth = 3, every_nth = 3, probability = 0.1 (from --seed), times = 5; \
connection = 2 is the second one.

Ctrl-C and SIGTERM end it with exit code 0. An address that cannot be had is exit code 3.";
