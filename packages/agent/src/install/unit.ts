import type { InstallLayout } from "./layout.ts";

/**
 * The unit for systemd. What it sets and what it cannot set is in
 * docs/agent-service.md#hardening.
 *
 * @param layout that of `/`: the paths that the service has when it runs
 */
export function unitText({ executable, dataRoot }: Pick<InstallLayout, "executable" | "dataRoot">): string {
  return `# Written by halligan-agent install, which replaces it. Changes belong into a drop-in:
# systemctl edit halligan-agent
[Unit]
Description=Halligan agent: live response on this device
Documentation=man:systemd.service(5)
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${executable} run --data ${dataRoot}
Restart=always
RestartSec=5
TimeoutStopSec=30
# Each command gets a cgroup of its own below that of the service.
Delegate=yes
# A runtime variable of the manager must not change the code in the executable.
UnsetEnvironment=BUN_OPTIONS BUN_BE_BUN BUN_INSPECT BUN_INSPECT_PRELOAD BUN_INSPECT_CONNECT_TO BUN_INSPECT_NOTIFY
StateDirectory=halligan-agent
StateDirectoryMode=0700
WorkingDirectory=${dataRoot}
UMask=0077
StandardInput=null
StandardOutput=journal
StandardError=journal
SyslogIdentifier=halligan-agent
LimitCORE=0
CPUWeight=50
IOWeight=50
KeyringMode=private

[Install]
WantedBy=multi-user.target
`;
}
