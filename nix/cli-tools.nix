# The one list of command-line tools: the box image (Nix and Debian) and the
# workstation profiles take it, and nothing else adds tools for people.
#
# Plain data, so that it is read without nixpkgs, and without Nix at all
# (scripts/lib/docs/nix-data.ts): no functions, no `let`, no "${…}".
# After a change: npm run docs.
#
#   name        what people call it; unique
#   package     attribute path in nixpkgs
#   debian      package of Debian 12, or null
#   debianNote  where debian is null: where the Debian image has it from instead
#   debianLinks commands that Debian calls otherwise: /usr/local/bin/NAME is made
#               a link to TARGET
#   commands    what has to be on the PATH; empty where the tool is none
#   group       heading in docs/cli-tools.md; `runtimes` can be left out of an image
#   why         what it is for, for docs/cli-tools.md
[
  {
    name = "bash";
    package = "bashInteractive";
    debian = "bash";
    commands = [ "bash" ];
    group = "shell";
    why = "the login shell of a box";
  }
  {
    name = "bash-completion";
    package = "bash-completion";
    debian = "bash-completion";
    commands = [ ];
    group = "shell";
    why = "completes arguments of git, gh, ssh and others";
  }
  {
    name = "zsh";
    package = "zsh";
    debian = "zsh";
    commands = [ "zsh" ];
    group = "shell";
    why = "for those who brought it from macOS";
  }
  {
    name = "direnv";
    package = "direnv";
    debian = "direnv";
    commands = [ "direnv" ];
    group = "shell";
    why = "variables of a project, set on entering its directory";
  }

  {
    name = "git";
    package = "git";
    debian = "git";
    commands = [ "git" ];
    group = "source code";
    why = "version control";
  }
  {
    name = "git-lfs";
    package = "git-lfs";
    debian = "git-lfs";
    commands = [ "git-lfs" ];
    group = "source code";
    why = "large files in git repositories";
  }
  {
    name = "gh";
    package = "gh";
    debian = "gh";
    commands = [ "gh" ];
    group = "source code";
    why = "GitHub: pull requests, issues, logging git in";
  }
  {
    name = "openssh";
    package = "openssh";
    debian = "openssh-client";
    commands = [
      "ssh"
      "scp"
      "ssh-keygen"
      "ssh-agent"
    ];
    group = "source code";
    why = "git over SSH, keys, agent";
  }
  {
    name = "gnupg";
    package = "gnupg";
    debian = "gnupg";
    commands = [ "gpg" ];
    group = "source code";
    why = "signed commits and tags";
  }
  {
    name = "patch";
    package = "gnupatch";
    debian = "patch";
    commands = [ "patch" ];
    group = "source code";
    why = "applies diffs, as coding agents write them";
  }

  {
    name = "neovim";
    package = "neovim";
    debian = "neovim";
    commands = [ "nvim" ];
    group = "editors";
    why = "for those who live in a terminal";
  }
  {
    name = "vim";
    package = "vim";
    debian = "vim-tiny";
    commands = [ "vi" ];
    group = "editors";
    why = "the editor that is always there";
  }
  {
    name = "nano";
    package = "nano";
    debian = "nano";
    commands = [ "nano" ];
    group = "editors";
    why = "for those who do not know vi";
  }

  {
    name = "ripgrep";
    package = "ripgrep";
    debian = "ripgrep";
    commands = [ "rg" ];
    group = "search";
    why = "searches a source tree, and leaves out what git ignores";
  }
  {
    name = "fd";
    package = "fd";
    debian = "fd-find";
    debianLinks = [
      {
        name = "fd";
        target = "/usr/bin/fdfind";
      }
    ];
    commands = [ "fd" ];
    group = "search";
    why = "finds files by name";
  }
  {
    name = "fzf";
    package = "fzf";
    debian = "fzf";
    commands = [ "fzf" ];
    group = "search";
    why = "picks one of many lines while typing";
  }
  {
    name = "bat";
    package = "bat";
    debian = "bat";
    debianLinks = [
      {
        name = "bat";
        target = "/usr/bin/batcat";
      }
    ];
    commands = [ "bat" ];
    group = "search";
    why = "shows a file with its syntax in colour";
  }
  {
    name = "tree";
    package = "tree";
    debian = "tree";
    commands = [ "tree" ];
    group = "search";
    why = "a directory at a glance";
  }
  {
    name = "less";
    package = "less";
    debian = "less";
    commands = [ "less" ];
    group = "search";
    why = "the pager of git and others";
  }
  {
    name = "file";
    package = "file";
    debian = "file";
    commands = [ "file" ];
    group = "search";
    why = "says what kind of file it is";
  }

  {
    name = "jq";
    package = "jq";
    debian = "jq";
    commands = [ "jq" ];
    group = "data";
    why = "reads and changes JSON";
  }
  {
    name = "yq";
    package = "yq";
    debian = "yq";
    commands = [ "yq" ];
    group = "data";
    why = "the same for YAML, in the language of jq";
  }
  {
    name = "sqlite";
    package = "sqlite";
    debian = "sqlite3";
    commands = [ "sqlite3" ];
    group = "data";
    why = "databases in a file";
  }

  {
    name = "tmux";
    package = "tmux";
    debian = "tmux";
    commands = [ "tmux" ];
    group = "terminal";
    why = "work that outlives a connection";
  }
  {
    name = "htop";
    package = "htop";
    debian = "htop";
    commands = [ "htop" ];
    group = "terminal";
    why = "what uses processor and memory";
  }
  {
    name = "lsof";
    package = "lsof";
    debian = "lsof";
    commands = [ "lsof" ];
    group = "terminal";
    why = "who has a file or a port open";
  }

  {
    name = "rsync";
    package = "rsync";
    debian = "rsync";
    commands = [ "rsync" ];
    group = "moving and packing";
    why = "copies what differs";
  }
  {
    name = "zip";
    package = "zip";
    debian = "zip";
    commands = [ "zip" ];
    group = "moving and packing";
    why = "makes zip archives";
  }
  {
    name = "unzip";
    package = "unzip";
    debian = "unzip";
    commands = [ "unzip" ];
    group = "moving and packing";
    why = "unpacks them";
  }
  {
    name = "zstd";
    package = "zstd";
    debian = "zstd";
    commands = [ "zstd" ];
    group = "moving and packing";
    why = "packs fast";
  }
  {
    name = "xz";
    package = "xz";
    debian = "xz-utils";
    commands = [ "xz" ];
    group = "moving and packing";
    why = "packs small";
  }
  {
    name = "bzip2";
    package = "bzip2";
    debian = "bzip2";
    commands = [ "bzip2" ];
    group = "moving and packing";
    why = "older source archives";
  }

  {
    name = "curl";
    package = "curl";
    debian = "curl";
    commands = [ "curl" ];
    group = "network";
    why = "requests over HTTP";
  }
  {
    name = "wget";
    package = "wget";
    debian = "wget";
    commands = [ "wget" ];
    group = "network";
    why = "fetches files, as many install scripts expect";
  }
  {
    name = "socat";
    package = "socat";
    debian = "socat";
    commands = [ "socat" ];
    group = "network";
    why = "joins sockets, pipes and terminals";
  }
  {
    name = "netcat";
    package = "netcat";
    debian = "netcat-openbsd";
    commands = [ "nc" ];
    group = "network";
    why = "asks whether a port answers";
  }

  {
    name = "make";
    package = "gnumake";
    debian = "make";
    commands = [ "make" ];
    group = "build";
    why = "runs the steps that a project names";
  }
  {
    name = "shellcheck";
    package = "shellcheck";
    debian = "shellcheck";
    commands = [ "shellcheck" ];
    group = "build";
    why = "finds mistakes in shell scripts";
  }

  {
    name = "python";
    package = "python3";
    debian = "python3-venv";
    commands = [ "python3" ];
    group = "runtimes";
    why = "Python 3, with venv";
  }
  {
    name = "pip";
    package = "python3Packages.pip";
    debian = "python3-pip";
    commands = [ "pip" ];
    group = "runtimes";
    why = "packages of Python, in a virtual environment";
  }
  {
    name = "pipx";
    package = "pipx";
    debian = "pipx";
    commands = [ "pipx" ];
    group = "runtimes";
    why = "programs written in Python, each in an environment of its own";
  }
  {
    name = "node";
    package = "nodejs_24";
    debian = null;
    debianNote = "Debian 12 has an older one; Node 24 and npm are a part of the image of their own";
    commands = [
      "node"
      "npm"
      "npx"
    ];
    group = "runtimes";
    why = "JavaScript and TypeScript";
  }
  {
    name = "gcc";
    package = "gcc";
    debian = "build-essential";
    commands = [
      "gcc"
      "g++"
      "cc"
    ];
    group = "runtimes";
    why = "C and C++, and the native parts of other languages' packages";
  }
  {
    name = "pkg-config";
    package = "pkg-config";
    debian = "pkg-config";
    commands = [ "pkg-config" ];
    group = "runtimes";
    why = "tells compilers where a library is";
  }
]
