// The pages one sees before signing in.
import "./prefs.js";
