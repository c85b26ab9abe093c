import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The origin that the policy names is http://localhost:3000, so no other port will do.
const server = { port: 3000, strictPort: true };

export default defineConfig({ plugins: [react()], server, preview: server });
