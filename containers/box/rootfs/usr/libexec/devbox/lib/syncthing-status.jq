# What `syncthing status` prints. Input, one after the other: the answers to the
# questions about the whole, to those about each folder and device, and what was
# found of conflicts in each folder. Both lists are in the order of the first.

def time: if . == null or startswith("1970-") or startswith("0001-") then null else . end;
def text: if . == null or . == "" then null else . end;

. as [$all, $each, $conflicts]
| $all as [$status, $version, $folders, $devices, $gui, $options, $connections, $statistics, $pending, $errors]
| $status.myID as $self
| ($folders[:20]) as $shown
| ([$devices[] | select(.deviceID != $self)][:50]) as $peers
| {
    deviceId: $self,
    version: $version.version,
    upSeconds: $status.uptime,
    gui: { address: "127.0.0.1:8384", user: ($gui.user | text), password: (($gui.password // "") != "") },
    listeners: [
      $status.connectionServiceStatus // {} | to_entries[] | { address: .key, error: (.value.error | text) }
    ],
    discovery: {
      global: $options.globalAnnounceEnabled,
      local: $options.localAnnounceEnabled,
      relays: $options.relaysEnabled
    },
    folders: [
      range($shown | length) as $i
      | $shown[$i] as $folder
      | $each[2 * $i] as $state
      | $each[2 * $i + 1] as $failed
      | {
          id: $folder.id,
          label: ($folder.label | text),
          path: $folder.path,
          type: $folder.type,
          state: (if $folder.paused then "paused" else $state.state // "unknown" end),
          error: ($state.error // $state.invalid | text),
          devices: [$folder.devices[].deviceID | select(. != $self)],
          files: ($state.localFiles // 0),
          bytes: ($state.localBytes // 0),
          needFiles: ($state | (.needFiles // 0) + (.needDeletes // 0) + (.needDirectories // 0) + (.needSymlinks // 0)),
          needBytes: ($state.needBytes // 0),
          completion: (
            if ($state.globalBytes // 0) == 0 then 100
            else ($state | 100 * (1 - .needBytes / .globalBytes)) | . * 100 | floor / 100
            end
          ),
          failedFiles: ($state.errors // $state.pullErrors // 0),
          failures: [($failed.errors // [])[:5][] | { path, error }],
          conflicts: $conflicts[$i]
        }
    ],
    devices: [
      range($peers | length) as $i
      | $peers[$i] as $device
      | $connections.connections[$device.deviceID] as $connection
      | {
          id: $device.deviceID,
          name: ($device.name | text),
          addresses: $device.addresses,
          paused: $device.paused,
          connected: ($connection.connected // false),
          connectedFrom: (if $connection.connected then $connection.address | text else null end),
          lastSeen: ($statistics[$device.deviceID].lastSeen | time),
          completion: ($each[2 * ($shown | length) + $i].completion | if . == null then null else . * 100 | floor / 100 end)
        }
    ],
    pending: [
      $pending // {} | to_entries[:20][]
      | { id: .key, name: (.value.name | text), address: (.value.address | text), since: (.value.time | time) }
    ],
    messages: [($errors.errors // [])[-5:][] | { at: (.when | time), text: .message }]
  }
