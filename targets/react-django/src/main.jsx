import { createRoot } from "react-dom/client";

import App from "./App.jsx";
import "./app.css";

const api = new URLSearchParams(location.search).get("api") ?? "http://localhost:8000";

createRoot(document.getElementById("root")).render(<App api={api} />);
