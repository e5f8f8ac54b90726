#!/usr/bin/env node
import { requireNode } from "@halligan/protocol/require-node";

requireNode("npm run cluster");
await import("../test/system/cluster/cluster-main.ts");
