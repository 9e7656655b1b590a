# shellcheck shell=sh disable=SC2153,SC2154 # `work` (a scratch directory) and the GO_ pins are set by the one who sources it
# Sourced by what is built from Go modules: the part `tailscale`, and ../../../headscale/build. Nothing is left in the
# home of whoever builds: modules and objects are kept in $work/go and $work/go-build, and go with it.

# Go makes its module cache read-only.
drop_work() {
  chmod -R u+w -- "$work"
  rm -rf -- "$work"
}

# Downloads module $1 and prints its directory; it has to have the sum $2, when that is given.
module() {
  if ! (cd / && go mod download -json "$1") >"$work/module" 2>"$work/log"; then
    cat -- "$work/module" "$work/log" | tail -n 10 >&2
    return 1
  fi
  if [ -n "$2" ] && ! grep -qF "\"Sum\": \"$2\"" "$work/module"; then
    printf 'the module %s is not the one that is pinned (its sum differs)\n' "$1" >&2
    return 1
  fi
  sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p' "$work/module"
}

# Finds Go and sets its environment. A Go that is too old cannot build what is pinned, but it can fetch a toolchain,
# which is a module like any other.
prepare_go() {
  if ! command -v go >/dev/null; then
    printf 'there is no Go on this machine (apt-get install --no-install-recommends golang-go: any version can fetch the right one)\n' >&2
    return 1
  fi
  GOPATH=$work/go GOMODCACHE=$work/go/pkg/mod GOCACHE=$work/go-build GOTOOLCHAIN=local GOFLAGS='' GOWORK=off
  CGO_ENABLED=0 GOBIN='' GO111MODULE=on
  export GOPATH GOMODCACHE GOCACHE GOTOOLCHAIN GOFLAGS GOWORK CGO_ENABLED GOBIN GO111MODULE
  have=$(go env GOVERSION)
  have=${have#go}
  [ "$(printf '%s\n' "$GO_MINIMUM" "$have" | sort -V | head -n 1)" != "$GO_MINIMUM" ] || return 0
  case $(uname -m) in
    x86_64) toolchain=linux-amd64 sum=$GO_TOOLCHAIN_SUM_x86_64 ;;
    # No sum of ours: Go's checksum database answers for it.
    aarch64) toolchain=linux-arm64 sum= ;;
    *)
      printf 'Go %s is too old (%s is needed), and no toolchain is known for this machine\n' "$have" "$GO_MINIMUM" >&2
      return 1
      ;;
  esac
  GOROOT=$(module "golang.org/toolchain@v0.0.1-go$GO_TOOLCHAIN.$toolchain" "$sum") || return 1
  export GOROOT
  # A module cache has no x bits.
  chmod -R u+w,a+x "$GOROOT/bin" "$GOROOT/pkg/tool"
  PATH=$GOROOT/bin:$PATH
  export PATH
}

# go_build MODULE SUM PACKAGE OUTPUT LDFLAGS [TAGS]: one static binary, with the versions that the module itself pins.
go_build() {
  sources=$(module "$1" "$2") || return 1
  if ! (cd -- "$sources" && go build -mod=readonly -buildvcs=false -trimpath -tags "${6:-}" -o "$4" -ldflags "-s -w $5" "$3") \
    >"$work/log" 2>&1 </dev/null; then
    tail -n 20 -- "$work/log" >&2
    return 1
  fi
}
